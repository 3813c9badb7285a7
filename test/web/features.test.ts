import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { FEATURE_NAMES } from '../../src/admin/features.js'
import { loadPhoneData } from '../../src/phone-data.js'
import type { AdminClient } from '../support/admin-api.js'
import { webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: AdminClient
let browser: Browser

beforeAll(async () => {
  bench = await webBench()
  owner = bench.as(await bench.tokenFor('owner'))
  browser = await bench.signedIn('owner')
  await owner.post('/extensions', { number: '101', name: 'Ann' })
  await owner.post('/extensions/101/softphones', { app: 'linphone' })
  await owner.put('/settings/extension/101/didNumber', { value: '+49 30 5550101' }).set('If-Match', '*')
  await bench.parts.refresh()
})
afterAll(() => bench.remove())

async function hide(...features: string[]): Promise<void> {
  const place = owner.put('/settings/site/default/hiddenFeatures', { value: features }).set('If-Match', '*')
  const { status } = await (features.length > 0
    ? place
    : owner.delete('/settings/site/default/hiddenFeatures').set('If-Match', '*'))
  expect(status).toBe(200)
  await bench.parts.refresh()
}

test('the setting names each feature of the table and no other', () => {
  expect(loadPhoneData({}).vocabulary.get('hiddenFeatures')?.values).toEqual(FEATURE_NAMES)
})

test('hidden softphones, mails and webhooks have no link, no page and no route, and come back with what they held', async () => {
  const kept = (await owner.get('/extensions/101/softphones')).body as object
  expect((await browser.get('/people/101')).text).toContain('/people/101/softphones')
  expect((await browser.get('/accounts')).text).toContain('href="/webhooks"')
  await hide('softphones', 'mails', 'webhooks')
  expect((await browser.get('/people/101')).text).not.toContain('/people/101/softphones')
  expect((await browser.get('/accounts')).text).not.toContain('href="/webhooks"')
  for (const path of ['/people/101/softphones', '/softphone-sheet', '/mails', '/webhooks']) {
    expect([path, (await browser.get(path)).status]).toEqual([path, 404])
  }
  for (const path of ['/extensions/101/softphones', '/softphone-apps', '/mails', '/webhooks', '/nothing']) {
    const { status, body } = await owner.get(path)
    expect([path, status, body]).toMatchObject([path, 404, { code: 'ROUTE_NOT_FOUND' }])
  }
  expect((await owner.post('/extensions/101/softphones', { app: 'linphone' })).status).toBe(404)
  await hide()
  expect((await owner.get('/extensions/101/softphones')).body).toEqual(kept)
  expect((await browser.get('/people/101/softphones')).status).toBe(200)
})

test('another site shows them still', async () => {
  await bench.parts.sites.add('test', { slug: 'branch', name: 'Branch' })
  await bench.parts.refresh()
  await hide('webhooks')
  expect((await owner.get('/webhooks')).status).toBe(404)
  expect((await owner.get('/webhooks?site=branch')).status).toBe(200)
  await hide()
})

test('a site that sets null shows what is hidden for all', async () => {
  const set = (layer: string, value: unknown) =>
    owner.put(`/settings/${layer}/hiddenFeatures`, { value }).set('If-Match', '*')
  expect((await set('global/-', ['webhooks'])).status).toBe(200)
  await bench.parts.refresh()
  expect((await owner.get('/webhooks')).status).toBe(404)
  expect((await set('site/default', null)).status).toBe(200)
  await bench.parts.refresh()
  expect((await owner.get('/webhooks')).status).toBe(200)
  await owner.delete('/settings/global/-/hiddenFeatures').set('If-Match', '*')
  await hide()
})

test('hidden fields of the PBX and expansion modules are on no page, and keep their values', async () => {
  const person = (await browser.get('/people/101')).text
  const layer = (await browser.get('/settings/site/default')).text
  expect(person).toContain('+49 30 5550101')
  expect([layer.includes('keyModules'), layer.includes('recordCalls')]).toEqual([true, true])
  await hide('pbx-fields', 'expansion-modules')
  expect((await browser.get('/people/101')).text).not.toContain('+49 30 5550101')
  const hidden = (await browser.get('/settings/site/default')).text
  expect([hidden.includes('keyModules'), hidden.includes('recordCalls')]).toEqual([false, false])
  await hide()
  expect((await browser.get('/people/101')).text).toContain('+49 30 5550101')
})
