import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { csvText } from '../../src/bulk/csv-text.js'
import { settingText } from '../../src/bulk/plan-settings.js'
import { happeningOfAudit } from '../../src/webhooks/happening.js'
import { sampleOf } from '../support/setting-samples.js'
import { loadPhones } from '../support/phone-catalog.js'
import { webBench, type Browser, type WebBench } from '../support/web-pages.js'

/** What only a PBX acts on, with a value of each. */
const KEPT = [...loadPhones().vocabulary].flatMap(([key, definition]) =>
  definition.actedOnBy === 'pbx' && definition.layers.includes('extension')
    ? [{ key, type: definition.type, value: sampleOf(key, definition) }]
    : [],
)
const MAC = '001565000077'
const HEADER = ['extension', 'name', ...KEPT.map(({ key }) => key)]
const ROW = ['201', 'Anna', ...KEPT.map(({ value }) => settingText(value))]

let bench: WebBench
let owner: Browser

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
})
afterAll(() => bench.remove())

const plain = (html: string): string =>
  html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll(/&#(?:x27|39);/g, "'")
    .replaceAll('&#x3D;', '=')
    .replaceAll('&amp;', '&')

/** What the field of a setting holds on a page. */
function fieldOf(html: string, key: string): string {
  const field = html.slice(html.indexOf(`id="p-${key}"`)).split('<small')[0] ?? ''
  const chosen = /<option value="([^"]*)" selected>/.exec(field)?.[1]
  const area = /^[^>]*>\r?\n([^]*?)<\/textarea>/.exec(field)?.[1]
  return plain(chosen ?? area ?? / value="([^"]*)"/.exec(field)?.[1] ?? '')
}

test('what only a PBX acts on is imported, named, shown, handed over and exported again, and does nothing here', async () => {
  expect(KEPT.length).toBeGreaterThan(35)
  const { bulk, extensions, settings } = bench.parts.forSite(bench.parts.snapshot.defaultSite().id)
  const token = await bench.tokenFor('owner')
  await bulk.importCsv(
    'cli:test',
    Buffer.from(
      csvText([
        ['extension', 'name'],
        ['201', 'Anna'],
      ]),
    ),
  )
  await bulk.importCsv(
    'cli:test',
    Buffer.from(
      csvText([
        ['mac', 'model', 'extension'],
        [MAC, 'yealink/t28p', '201'],
      ]),
    ),
  )
  const config = async (): Promise<string> => {
    await bench.parts.refresh()
    return (await bench.as(token).get(`/devices/${MAC}/files/${MAC}.cfg`)).text
  }
  const before = await config()
  expect(before).toContain('account.1.user_name = 201')

  const preview = await bulk.openImport('admin:test', Buffer.from(csvText([HEADER, ROW])), {})
  const { token: shown = '' } = await bulk.settledImport(preview.id)
  const previewPage = (await owner.get(`/import/${preview.id}`)).text
  const named = previewPage.slice(previewPage.indexOf('Kept for your PBX'))
  for (const { key } of KEPT) expect(named).toContain(`<span class="fw-medium">${key}</span> → ${key} (1 row)`)
  await bulk.confirmImport('admin:test', preview.id, shown)
  expect((await bulk.settledImport(preview.id)).state).toBe('done')

  const page = (await owner.get('/people/201')).text
  const form = page.slice(page.indexOf('id="form-pbx"')).split('</form>')[0] ?? ''
  expect(form).toContain('Handled by your PBX')
  for (const { key, type, value } of KEPT) {
    const text = fieldOf(form, key)
    const isSame = type === 'structure' ? JSON.stringify(JSON.parse(text)) : text.replaceAll('\r\n', '\n')
    const wanted = type === 'secret' ? '' : settingText(value).replaceAll('\r\n', '\n')
    expect([key, isSame]).toEqual([key, wanted])
  }

  const file = await bench.as(token).post('/export/passwords?scope=all')
  const back = await bulk.settledImport((await bulk.openImport('admin:test', Buffer.from(file.text), {})).id)
  expect([back.obstacles, back.summary?.outcomes.same]).toEqual([[], 1])
  for (const { value } of KEPT) expect(file.text).toContain(csvText([[settingText(value)]]).slice(0, -2))

  const handed = Object.fromEntries(KEPT.flatMap(({ key, type, value }) => (type === 'secret' ? [] : [[key, value]])))
  const { extension } = await extensions.show('201')
  const asked = await settings.list('extension', extension.id)
  expect(Object.fromEntries(asked.map(({ key, value }) => [key, value]))).toMatchObject(handed)
  await bench.as(token).patch('/extensions/201', { name: 'Anna Berg' }).set('If-Match', '*')
  await bench.parts.refresh()
  const [row] = await bench.parts.audit({ entity: 'extension', limit: 1 })
  const told = row && happeningOfAudit(bench.parts, { ...row, id: 1 } as never)
  expect(told).toMatchObject({ type: 'extension.changed', data: { number: '201', settings: handed } })
  expect(JSON.stringify(told)).not.toContain('0042')

  await bench.as(token).patch('/extensions/201', { name: 'Anna' }).set('If-Match', '*')
  expect(await config()).toBe(before)
})
