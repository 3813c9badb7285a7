import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import request from 'supertest'
import { ROLES, may, rightsOf, ALL_SITES, type RoleName } from '../../src/accounts/permissions.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { PAGES } from '../../src/web/pages.js'
import { ownPath } from '../../src/web/pages/start.js'
import { hiddenField, webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: Browser

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
  await owner.post('/people/new', { number: '101', name: 'Anna' })
  await owner.post('/phones/new', { mac: '805ec0000001', model: 'yealink/t21p-e2', number: '101' })
  await owner.post('/groups', { name: 'Hall' })
})
afterAll(() => bench.remove())

const XSS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title><script>alert(1)</script>',
  'javascript:alert(1)',
  '{{constructor}}<svg/onload=alert(1)>',
  '&lt;b&gt;<b>',
  '`-alert(1)-`',
]

/** Fails when a text of somebody else became part of the page's own code. */
function expectText(html: string): void {
  expect(html).not.toMatch(/<script>|<img|<svg\/onload|<b>|onerror=alert\(1\)>|["'] on\w+=['"]?alert|href="javascript/i)
}

/** Addresses of things that are there. */
const pathOf = (path: string): string =>
  path
    .replace('/phones/{mac}/files/{name}', '/phones/805ec0000001/files/805ec0000001.cfg')
    .replace('/pending/{mac}', '/pending/805ec00000ff')
    .replace('/groups/{name}', '/groups/Hall')
    .replace('{mac}', '805ec0000001')
    .replace('{number}', '101')
    .replace('{position}', '9')

describe('text of others', () => {
  test.each(XSS)('%s shows as text in names, labels and what a stranger sends', async (text) => {
    const number = String(500 + XSS.indexOf(text))
    const mac = (0x805ec0000500 + XSS.indexOf(text)).toString(16)
    const added = await owner.post('/people/new', { number, name: text, email: `${text}@example.com` })
    if (added.status !== 303) expectText(added.text)
    await owner.post('/people/new', { number, name: text })
    await owner.post('/phones/new', { mac, model: 'yealink/t21p-e2', number, name: text })
    bench.live.event({
      ...{ at: bench.clock.now(), transport: 'http', path: `/${text}`, peer: '192.0.2.66', userAgent: text },
      ...{ mac: mac.replace('805', '806') as Mac, outcome: 'unknown-device', status: 404, bytes: 0, micros: 1 },
    })
    const stranger = mac.replace('805', '806')
    const paths = ['/people', `/people/${number}`, `/people/${number}/remove`, '/phones', `/phones/${mac}`]
    paths.push(`/phones/${mac}/remove`, '/pending', `/pending/${stranger}`, `/people/choices?q=${number}`)
    paths.push(
      `/phones?q=${encodeURIComponent(text)}&sort=${encodeURIComponent(text)}&cursor=${encodeURIComponent(text)}`,
    )
    paths.push(`/phones/new?mac=${encodeURIComponent(text)}`, `/people?done=${encodeURIComponent(text)}`)
    for (const path of paths) expectText((await owner.get(path)).text)
    expect((await owner.get('/pending')).text).toContain('192.0.2.66')
  })

  test.each(XSS)(
    '%s shows as text in every field of a person, in accounts, roles, sites, tokens and the audit log',
    async (text) => {
      const number = String(600 + XSS.indexOf(text))
      await owner.post('/people/new', { number, name: 'Target' })
      const { vocabulary } = bench.parts.viewSources
      for (const form of ['contact', 'rules', 'phone', 'pbx']) {
        const page = (await owner.get(`/people/${number}`)).text
        const own = page.slice(page.indexOf(`id="form-${form}"`))
        const taken = [...vocabulary].filter(
          ([, { type, layers }]) => ['text', 'lines'].includes(type) && layers.includes('extension'),
        )
        const fields = Object.fromEntries(taken.map(([key]) => [key, text]))
        await owner.post(`/people/${number}/fields/${form}`, { ...fields, _seen: hiddenField(own, '_seen') })
        // All that refuse it show it again.
        const all = Object.fromEntries([...vocabulary.keys()].map((key) => [key, text]))
        expectText(
          (await owner.post(`/people/${number}/fields/${form}`, { ...all, _seen: hiddenField(own, '_seen') })).text,
        )
      }
      const account = await owner.post('/accounts/new', { name: text, email: text, role: text })
      await owner.post('/roles/new', { name: text, 'may.people.read': 'on' })
      await owner.post('/sites', { name: text, slug: `x${number}`, sipDomain: text })
      const token = await owner.post('/me/tokens', { label: text, days: '1' })
      const signIn = await bench.stranger().post('/sign-in', { login: text, domain: text, password: text })
      for (const answer of [account, token, signIn]) expectText(answer.text)
      await owner.post(`/people/${number}/renumber`, { number: text, _seen: '*' })
      const query = encodeURIComponent(text)
      const paths = [
        `/people/${number}`,
        `/people/${number}/duplicate`,
        '/people/removed',
        '/audit',
        '/accounts',
        '/roles',
        '/sites',
        '/me',
        '/bans',
      ]
      paths.push(
        `/audit?actor=${query}&action=${query}&entity=${query}&from=${query}&to=${query}`,
        `/accounts/${query}`,
        `/roles/${query}`,
      )
      for (const path of paths) expectText((await owner.get(path)).text)
      const page = await owner.get(`/people/${number}`)
      expect([page.status, page.text.includes('id="p-jobTitle"')]).toEqual([200, true])
    },
  )

  test('every page is under a policy that runs nothing inline and nothing from elsewhere', async () => {
    for (const path of ['/sign-in', '/phones', '/no-such-page']) {
      const policy = (await owner.get(path)).headers['content-security-policy']
      expect(policy).toContain("script-src 'self'")
      expect(policy).not.toContain('unsafe')
    }
    const html = (await owner.get('/phones')).text
    expect(html).not.toMatch(/ style=| on\w+="|<script>|<style/)
  })
})

describe('the table of pages', () => {
  test('names each page once', () => {
    const names = PAGES.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(names).size).toBe(names.length)
    expect(new Set(PAGES.map(({ id }) => id)).size).toBe(PAGES.length)
  })

  test('a stranger gets nothing but the pages for signing in', async () => {
    for (const { method, path, access, stream } of PAGES) {
      if (access === 'public') continue
      const visitor = bench.stranger()
      const answer = method === 'get' ? await visitor.get(pathOf(path)) : await visitor.post(pathOf(path))
      const told = [method, path, answer.status, answer.headers.location?.split('?')[0]]
      expect(told).toEqual(stream ? [method, path, 401, undefined] : [method, path, 303, '/sign-in'])
    }
  })

  test.each(Object.keys(ROLES) as RoleName[])('%s gets what the table says, and no other page', async (role) => {
    const browser = await bench.signedIn(role)
    const rights = rightsOf([{ siteId: ALL_SITES, role }], [])
    const site = bench.parts.snapshot.defaultSite().id
    for (const { method, path, access, scope, stream, id } of PAGES) {
      if (access === 'public' || access === 'self' || stream) continue
      const allowed = may(rights, access, scope === 'server' ? ALL_SITES : site)
      // Refused forms change nothing, so that every role meets the same people and phones.
      if (allowed && method === 'post') continue
      const { status } = method === 'get' ? await browser.get(pathOf(path)) : await browser.post(pathOf(path))
      expect([id, status === 403]).toEqual([id, !allowed])
    }
  })

  test("another site's admin does not find this one's people and phones", async () => {
    const other = await bench.parts.sites.add('test', { slug: 'other', name: 'Other' })
    await bench.parts.refresh()
    const admin = await bench.signedIn('admin', other.id)
    admin.cookie('phoneboot-site', bench.parts.snapshot.defaultSite().slug)
    for (const path of ['/people/101', '/phones/805ec0000001', '/phones/805ec0000001/files/805ec0000001.cfg']) {
      expect([path, (await admin.get(path)).status]).toEqual([path, 404])
    }
    expect((await admin.get('/phones')).text).not.toContain('80:5e:c0:00:00:01')
    expect((await admin.get('/pending')).status).toBe(403)
  })
})

describe('forged requests', () => {
  test('a form without the token of the session changes nothing', async () => {
    const answer = await owner.post('/people/new', { number: '666', name: 'Forged', _csrf: '' })
    expect(answer.status).toBe(403)
    expect((await owner.get('/people/666')).status).toBe(404)
  })

  test('a form of another origin signs nobody in', async () => {
    const sent = request(bench.app).post('/sign-in').set('Origin', 'https://evil.example').type('form')
    expect((await sent.send({ login: 'x', password: 'y' })).status).toBe(403)
  })

  test('a sign-in ends the session that was there before', async () => {
    const browser = await bench.signedIn('viewer')
    const before = browser.sessionId
    const { user } = (await bench.signIn.session(before ?? '')) ?? {}
    await browser.post('/sign-in', { login: user?.name ?? '', password: 'Correct horse 9' })
    expect(browser.sessionId).not.toBe(before)
    expect(await bench.signIn.session(before ?? '')).toBeUndefined()
  })

  test.each(['//evil.example', 'https://evil.example', '/\\evil.example', '/a\r\nSet-Cookie: x=1', 'javascript:x', ''])(
    'after signing in nobody is sent to %j',
    (to) => {
      expect(ownPath(to)).toBe('/')
    },
  )

  test('one is sent where one wanted to go', () => {
    expect(ownPath('/phones?q=101')).toBe('/phones?q=101')
  })
})

describe('signing in', () => {
  test('a wrong password and an unknown name are told alike', async () => {
    const wrong = await bench.stranger().post('/sign-in', { login: 'web-0', password: 'nope' })
    const unknown = await bench.stranger().post('/sign-in', { login: 'nobody', password: 'nope' })
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    for (const { text } of [wrong, unknown]) expect(text).toContain('Name, password or code is wrong.')
  })

  test('signing out ends the session', async () => {
    const browser = await bench.signedIn('viewer')
    expect((await browser.post('/sign-out')).headers.location).toBe('/sign-in?done=signedOut')
    expect((await browser.get('/phones')).headers.location).toBe('/sign-in?to=%2Fphones')
  })

  test('the set-up link makes the first owner, and works once', async () => {
    const fresh = await webBench()
    try {
      const token = (await fresh.accounts.setupLink())?.reveal() ?? ''
      const form = { token, name: 'first', password: 'Correct horse 9' }
      const weak = await fresh.stranger().post('/setup', { ...form, password: 'short' })
      expect([weak.status, weak.text.includes('This password cannot be taken')]).toEqual([422, true])
      const browser = fresh.stranger()
      expect((await browser.post('/setup', form)).headers.location).toBe('/')
      expect((await browser.get('/')).headers.location).toBe('/phones')
      expect((await fresh.stranger().post('/setup', form)).text).toContain('This link was used already')
    } finally {
      await fresh.remove()
    }
  })
})

describe('seeing things as one likes', () => {
  test('theme and language are chosen and kept', async () => {
    const browser = await bench.signedIn('viewer')
    await browser.post('/view', { theme: 'dark', language: 'de', to: '/phones' })
    const html = (await browser.get('/phones')).text
    expect(html).toContain('<html lang="de" data-bs-theme="dark"')
    expect(html).toContain('Telefone')
  })

  test('the language of the browser is taken until one chooses', async () => {
    const html = (await bench.stranger().get('/sign-in', { 'Accept-Language': 'de-DE,de;q=0.9' })).text
    expect(html).toContain('Anmelden')
  })
})

describe('files of the pages', () => {
  test('are packed, kept for ever, and named after what is in them', async () => {
    const path = /href="(\/assets\/tabler\.[0-9a-f]{12}\.css)"/.exec((await owner.get('/phones')).text)?.[1] ?? ''
    const { headers, status } = await request(bench.app).get(path).set('Accept-Encoding', 'br')
    expect([status, headers['content-encoding'], headers['cache-control']]).toEqual([
      200,
      'br',
      'public, max-age=31536000, immutable',
    ])
    expect(Number(headers['content-length'])).toBeLessThan(70_000)
    expect((await request(bench.app).get('/assets/tabler.css')).status).toBe(404)
  })

  test('a part of a list comes alone', async () => {
    const part = await owner.get('/phones?q=anna', { 'HX-Request': 'true', 'HX-Target': 'list' })
    expect(part.text.startsWith('<div id="list"')).toBe(true)
    expect(part.text).not.toContain('<html')
    expect(hiddenField((await owner.get('/people/101')).text, '_seen')).toMatch(/^"[0-9a-z]+\.\d+"$/)
  })
})
