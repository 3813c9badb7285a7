import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: Browser

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
})
afterAll(() => bench.remove())

const seenIn = (html: string): string => /name="_seen" value="([^"]+)"/.exec(html)?.[1]?.replaceAll('&quot;', '"') ?? ''

test('a webhook is added on the page, its secret shown once, tried, switched off and removed', async () => {
  expect((await owner.get('/webhooks')).text).toContain('No program is told of changes.')
  const added = await owner.post('/webhooks', { url: 'https://pbx.example/hook?k=geheim', 'extension.created': 'on' })
  expect(added.status).toBe(200)
  expect(added.text).toMatch(/value="whsec_[A-Za-z0-9+/]{32}/)
  const path = /href="(\/webhooks\/[0-9a-z]+)"/.exec(added.text)?.[1] ?? ''

  const list = await owner.get('/webhooks')
  expect(list.text).toContain('https://pbx.example/hook?…')
  expect(list.text).not.toMatch(/whsec_|geheim/)

  expect((await owner.post(`${path}/test`)).headers.location).toBe(path)
  const shown = await owner.get(path)
  expect(shown.text).toMatch(/<td class="mono"[^>]*>test<\/td>/)
  const seen = seenIn(shown.text)
  const off = await owner.post(`${path}/switch`, { _seen: seen, enabled: 'false' })
  expect(off.headers.location).toBe(path)
  expect((await owner.get(path)).text).toContain('<strong>off</strong>')
  const late = await owner.post(`${path}/remove`, { _seen: seen })
  expect(late.status).toBe(422)
  expect(late.text).toContain('Somebody else changed this meanwhile')
  const removed = await owner.post(`${path}/remove`, { _seen: seenIn((await owner.get(path)).text) })
  expect(removed.headers.location).toBe('/webhooks?done=removed')
})

test('an address that cannot be comes back in the form, with what is wrong', async () => {
  const refused = await owner.post('/webhooks', { url: 'ftp://<script>', 'device.created': 'on' })
  expect(refused.status).toBe(422)
  expect(refused.text).toContain('an http or https address')
  expect(refused.text).toContain('value="ftp://&lt;script&gt;"')
  expect(refused.text).toMatch(/name="device.created" checked/)
})

test('who may not see webhooks does not find them in the menu, and gets nothing', async () => {
  const viewer = await bench.signedIn('viewer')
  expect((await viewer.get('/webhooks')).status).toBe(403)
  expect((await viewer.get('/people')).text).not.toContain('href="/webhooks"')
})
