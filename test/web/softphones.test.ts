import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { AdminClient } from '../support/admin-api.js'
import { webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: AdminClient
let browser: Browser

beforeAll(async () => {
  bench = await webBench()
  owner = bench.as(await bench.tokenFor('owner'))
  browser = await bench.signedIn('owner')
  for (const [number, name] of [
    ['101', 'Ann'],
    ['102', 'Zoë'],
  ]) {
    await owner.post('/extensions', { number, name })
  }
  await bench.parts.refresh()
})
afterAll(() => bench.remove())

async function appsOf(number: string): Promise<string[]> {
  const { body } = await owner.get(`/extensions/${number}/softphones`)
  return (body as { items: { app: string }[] }).items.map(({ app }) => app)
}

test('a page says what is to be done with the code of this app', async () => {
  const shown = async (app: string): Promise<string> => (await browser.post('/people/101/softphones', { app })).text
  expect(await shown('linphone')).toContain('Open Linphone and scan this code.')
  const microsip = await shown('microsip')
  expect(microsip).toContain('open the address on the device that MicroSIP is on')
  expect(microsip).not.toContain('Open MicroSIP and scan')
  // The code does not end; the page behind the address does.
  const wave = await shown('grandstream-wave')
  expect(wave).toContain('holds the password itself and does not end')
  expect(wave).toContain('The page at the address below opens 2 times at most')
  expect(wave).toContain('qr-dense')
})

test('a sheet with wrong numbers names each and makes no code for anybody', async () => {
  const before = await appsOf('101')
  const refused = await browser.post('/softphone-sheet', { app: 'telephone', numbers: '101, 998 abc 999' })
  expect(refused.status).toBe(422)
  expect(refused.text).toContain('nobody has 998, abc, 999')
  expect(await appsOf('101')).toEqual(before)
  const { status, body } = await owner.post('/softphone-sheets', { app: 'telephone', numbers: ['101', '999'] })
  expect([status, body]).toMatchObject([422, { code: 'SOFTPHONE_INVALID', detail: 'nobody has 999' }])
  expect(await appsOf('101')).toEqual(before)
})

test('a sheet for nobody, or by a transport that the app does not have, says so', async () => {
  const nobody = await browser.post('/softphone-sheet', { app: 'linphone' })
  expect([nobody.status, nobody.text.includes('neither a group nor numbers')]).toEqual([422, true])
  const tls = await browser.post('/softphone-sheet', { app: 'grandstream-wave', numbers: '101', transport: 'tls' })
  expect([tls.status, tls.text.includes('Grandstream Wave does not register by tls')]).toEqual([422, true])
  expect(tls.text).not.toContain('Load the page again')
})

test('a sheet takes two hundred numbers of people, prints addresses to type, and warns on the screen', async () => {
  expect((await browser.get('/softphone-sheet')).text).toMatch(/name="numbers"[^>]* maxlength="5000"/)
  const sheet = (await browser.post('/softphone-sheet', { app: 'microsip', numbers: '102\n101 102' })).text
  expect(sheet.match(/class="code-slip"/g)).toHaveLength(2)
  expect(sheet.match(/https:\/\/[^<]*\/s\/[0-9a-z]{32}/g)).toHaveLength(2)
  const wave = (await browser.post('/softphone-sheet', { app: 'grandstream-wave', numbers: '101 102' })).text
  expect(wave.match(/alert-warning/g)).toHaveLength(1)
  expect(wave).not.toMatch(/\/s\/[0-9a-z]{32}/)
})

test('a sheet for a department has a code of their own for each of its people, and for nobody else', async () => {
  await owner.post('/groups', { name: 'Sales' })
  await owner.post('/extensions', { number: '103', name: 'Kim' })
  for (const number of ['101', '103']) await owner.put(`/extensions/${number}/groups`, ['Sales']).set('If-Match', '*')
  await bench.parts.refresh()
  const before = await appsOf('102')
  const { status, body } = await owner.post('/softphone-sheets', { app: 'linphone', group: 'Sales' })
  const { items } = body as { items: { number: string; url: string }[] }
  expect([status, items.map(({ number }) => number)]).toEqual([201, ['101', '103']])
  expect(new Set(items.map(({ url }) => /\/s\/[0-9a-z]{32}$/.exec(url)?.[0])).size).toBe(2)
  expect(await appsOf('103')).toEqual(['linphone'])
  expect(await appsOf('102')).toEqual(before)
})
