import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import type { Start } from '../../src/web/island/start.js'
import { CATALOGUES } from '../../src/web/words/words.js'
import { hiddenField, webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: Browser
const MAC = '805ec0000001'

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
  const use = bench.parts.forSite(bench.parts.snapshot.defaultSite().id)
  for (const [number, name] of [
    ['101', 'Anna Berg'],
    ['102', 'Jörg Müller'],
    ['103', '"><script>alert(1)</script>'],
  ] as const) {
    await use.extensions.add('test', { number, name })
  }
  await use.devices.add('test', { mac: MAC, model: 'yealink/t21p-e2', lines: [{ extension: '101' }] })
  await use.extensions.setKeys('test', '101', [
    { position: 1, kind: 'blf', value: '102' },
    { position: 2, kind: 'blf', value: '103', label: `'"><img src=x>` },
  ])
  await bench.parts.refresh()
})
afterAll(() => bench.remove())

/** What the page gives its script. */
function startOf(html: string): Start {
  const attribute = /data-start="([^"]*)"/.exec(html)?.[1] ?? ''
  const text = attribute.replace(/&(quot|amp|lt|gt|#x27|#x3D|#x60);/g, (_all, name: string) => ENTITIES[name] ?? '')
  return JSON.parse(text) as Start
}
const ENTITIES: Record<string, string> = {
  ...{ quot: '"', amp: '&', lt: '<', gt: '>' },
  ...{ '#x27': "'", '#x3D': '=', '#x60': '`' },
}

describe('the page of a person’s keys', () => {
  test('is a table without a script: what each key does and where it lands', async () => {
    const { status, text } = await owner.get('/people/101/keys')
    expect(status).toBe(200)
    const rows = [...text.matchAll(/<tr><td>(.*?)<\/tr>/gs)].map(([, row = '']) => row.replace(/<[^>]+>/g, '|'))
    expect(rows[0]).toContain('Watch and call (BLF)')
    expect(rows[0]).toMatch(/102.*Jörg Müller.*Line key 2/)
    expect(rows[1]).toContain('Does not fit')
  })

  test('warns of keys that watch whom nobody may watch, and of codes that are switched off', async () => {
    const { id: site } = bench.parts.snapshot.defaultSite()
    const { extensions, settings } = bench.parts.forSite(site)
    const { extension: hidden } = await extensions.add('test', { number: '120', name: 'Hidden' })
    const { extension: barred } = await extensions.add('test', { number: '121', name: 'Barred' })
    await settings.set('test', { layer: 'extension', owner: hidden.id, key: 'mayBeWatched' }, false)
    await settings.set('test', { layer: 'extension', owner: barred.id, key: 'mayTransfer' }, false)
    await settings.set('test', { layer: 'site', owner: site, key: 'featureCodes' }, [
      { code: '*26', name: 'Record <all>', on: false },
      { code: '*2', name: 'Transfer' },
    ])
    await extensions.setKeys('test', '121', [
      { position: 1, kind: 'blf', value: '120' },
      { position: 2, kind: 'speed-dial', value: '*2612' },
      { position: 3, kind: 'speed-dial', value: '*212' },
      { position: 4, kind: 'transfer', value: '101' },
      { position: 5, kind: 'speed-dial', value: '0301,,56#' },
    ])
    await bench.parts.refresh()
    const { text } = await owner.get('/people/121/keys')
    const warned = [...text.matchAll(/<tr><td>(.*?)<\/tr>/gs)].map(
      ([, row = '']) => /key-warning">(.*?)<\/small>/.exec(row)?.[1] ?? '',
    )
    expect(warned[0]).toContain('may not be watched')
    expect(warned[1]).toContain('*26 (Record &lt;all&gt;) is switched off')
    expect(warned[2]).toBe('')
    expect(warned[3]).toContain('may not transfer')
    expect(warned[4]).toContain('Pauses are written as they stand')
    expect(startOf(text)).toMatchObject({ unwatched: ['120'], mayNotTransfer: true })
    await extensions.remove('test', '121')
    await extensions.remove('test', '120')
    await bench.parts.refresh()
  })

  test('gives the script all it needs, as data and not as code', async () => {
    const { text } = await owner.get('/people/101/keys')
    expect(text).not.toMatch(/<script>|<img src=x/)
    const start = startOf(text)
    expect(start).toMatchObject({
      ...{ owner: 'extension', path: '/extensions/101/keys', site: 'default', mayEdit: true, language: 'en' },
      keys: [{ value: '102' }, { value: '103', label: `'"><img src=x>` }],
      names: { '102': 'Jörg Müller', '103': '"><script>alert(1)</script>' },
      phones: [{ mac: MAC, model: 'yealink/t21p-e2', lines: [{ position: 1, label: 'Anna Berg' }], group: [] }],
      sheet: { id: 'yealink/t21p-e2' },
    })
    expect(Object.keys(start.words).length).toBeGreaterThan(80)
    const { body, headers } = await bench.as(await bench.tokenFor('owner')).get('/extensions/101/keys')
    expect([start.tag, start.keys]).toEqual([headers.etag, body])
  })

  test('only this page loads the editor, which is below 25 KB over the wire', async () => {
    const { text } = await owner.get('/people/101/keys')
    const script = /src="(\/assets\/keys\.[0-9a-f]+\.js)"/.exec(text)?.[1] ?? ''
    const answer = await owner.get(script, { 'Accept-Encoding': 'identity' })
    expect(answer.headers['content-type']).toContain('text/javascript')
    expect(gzipSync(answer.text).length).toBeLessThan(25_000)
    for (const path of ['/people', '/people/101', '/phones', '/groups']) {
      expect((await owner.get(path)).text).not.toContain('/assets/keys.')
    }
  })

  test('a viewer sees the keys and may not edit them; in German in German', async () => {
    const viewer = await bench.signedIn('viewer')
    expect(startOf((await viewer.get('/people/101/keys')).text)).toMatchObject({ mayEdit: false })
    const german = await owner.get('/people/101/keys', { 'Accept-Language': 'de' })
    expect(startOf(german.text).words['keys.add']).toBe('Taste hinzufügen')
    expect(german.text).toContain('Leitungstaste 2')
  })

  test('of somebody who does not exist there is none', async () => {
    expect((await owner.get('/people/999/keys')).status).toBe(404)
    expect((await owner.get('/phones/805ec00000ff/keys')).status).toBe(404)
    expect((await owner.get('/groups/none/keys')).status).toBe(404)
  })

  test('somebody without a phone is shown on the model that most phones here are', async () => {
    const start = startOf((await owner.get('/people/102/keys')).text)
    expect([start.sheet.id, start.phones]).toEqual(['yealink/t21p-e2', []])
    expect(start.models.length).toBe(bench.parts.catalog.models().length)
  })
})

describe('groups', () => {
  test('one is added, renamed, filled, given keys, emptied and removed', async () => {
    const added = await owner.post('/groups', { name: 'Floor 1' })
    expect([added.status, added.headers.location]).toEqual([303, '/groups/Floor%201?done=added'])
    const twice = await owner.post('/groups', { name: 'floor 1' })
    expect([twice.status, twice.text.includes('There is a group of this name already.')]).toEqual([422, true])

    const page = await owner.get('/groups/Floor%201')
    const seen = hiddenField(page.text, '_seen')
    expect(seen).toBe('*')
    const groupSeen = /name="_seen" value="(&quot;[^"]+)"/.exec(page.text)?.[1]?.replaceAll('&quot;', '"') ?? ''
    const renamed = await owner.post('/groups/Floor%201', { name: 'Ground', _seen: groupSeen })
    expect(renamed.headers.location).toBe('/groups/Ground?done=saved')
    const stale = await owner.post('/groups/Ground', { name: 'Other', _seen: groupSeen })
    expect(stale.status).toBe(412)

    const member = await owner.post('/groups/Ground/phones', { mac: '80-5E-C0-00-00-01', _seen: '*' })
    expect(member.status).toBe(303)
    expect((await owner.post('/groups/Ground/phones', { mac: 'nonsense', _seen: '*' })).status).toBe(422)
    const filled = (await owner.get('/groups/Ground')).text
    expect(filled).toContain('80:5e:c0:00:00:01')
    expect(filled).toContain('href="/settings/group/Ground"')
    expect(filled).toContain('Take its phones and people out first')

    const start = startOf((await owner.get('/groups/Ground/keys')).text)
    expect(start).toMatchObject({ owner: 'group', path: '/groups/Ground/keys', phones: [{ mac: MAC }] })

    const phoneSeen = hiddenField(filled, '_seen')
    expect((await owner.post(`/groups/Ground/phones/${MAC}/remove`, { _seen: phoneSeen })).status).toBe(303)
    const empty = (await owner.get('/groups/Ground')).text
    expect(empty).toContain('No phone is in this group.')
    expect((await owner.post('/groups/Ground/remove', { _seen: '*' })).headers.location).toBe('/groups?done=removed')
    expect((await owner.get('/groups')).text).not.toContain('Ground')
  })

  test('a viewer sees them without a form', async () => {
    await owner.post('/groups', { name: 'Seen' })
    const viewer = await bench.signedIn('viewer')
    for (const path of ['/groups', '/groups/Seen']) {
      const { status, text } = await viewer.get(path)
      expect([status, (text.match(/method="post" action="\/groups/g) ?? []).length]).toEqual([200, 0])
    }
    expect((await viewer.post('/groups', { name: 'Mine' })).status).toBe(403)
  })
})

test('the editor names no word that it is not given', () => {
  const folder = join(shippedTemplates(), '../src/web/island/edge')
  const code = readdirSync(folder)
    .filter((name) => name.endsWith('.tsx'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
  const used = [
    ...[...code.matchAll(/\bt\(\s*'(keys\.[\w.-]+)'/g)].map(([, key = '']) => key),
    ...[...code.matchAll(/\bcount\(\s*'(keys\.[\w.-]+)'/g)].flatMap(([, key = '']) => [`${key}.one`, `${key}.other`]),
  ]
  expect(used.length).toBeGreaterThan(40)
  expect(used.filter((key) => !Object.hasOwn(CATALOGUES.en, key))).toEqual([])
})
