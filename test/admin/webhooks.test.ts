import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ALL_SITES } from '../../src/accounts/permissions.js'
import { BY_TEST } from '../support/accounts.js'
import { adminBench, type AdminBench, type AdminClient } from '../support/admin-api.js'

let bench: AdminBench
let owner: AdminClient

beforeAll(async () => {
  bench = await adminBench()
  owner = bench.as(await bench.tokenFor('owner'))
})
afterAll(() => bench.remove())

const input = { url: 'https://pbx.example/hook?key=geheim', types: ['extension.created'] }

test('a webhook is added with its secret, listed without it, changed, tried and removed', async () => {
  const added = await owner.post('/webhooks', input)
  expect(added.status).toBe(201)
  expect(added.body).toMatchObject({
    url: 'https://pbx.example/hook?…',
    enabled: true,
    secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/=]{32}$/),
  })
  const { id } = added.body as { id: string }
  const listed = await owner.get('/webhooks')
  expect(listed.body.items).toEqual([expect.objectContaining({ id, waiting: 0, types: ['extension.created'] })])
  expect(listed.text).not.toMatch(/whsec_|geheim/)

  const changed = await owner.patch(`/webhooks/${id}`, { enabled: false }).set('If-Match', added.headers.etag ?? '')
  expect(changed.body).toMatchObject({ enabled: false, revision: 2 })
  const late = await owner.patch(`/webhooks/${id}`, { enabled: true }).set('If-Match', added.headers.etag ?? '')
  expect([late.status, late.body.code]).toEqual([412, 'REVISION_CONFLICT'])

  expect((await owner.post(`/webhooks/${id}/secret`)).body.secret).not.toBe(added.body.secret)
  expect((await owner.post(`/webhooks/${id}/test`)).status).toBe(204)
  const { items } = (await owner.get(`/webhooks/${id}/deliveries`)).body as { items: object[] }
  expect(items).toEqual([expect.objectContaining({ type: 'test', state: 'waiting', attempts: 0 })])
  expect((await owner.delete(`/webhooks/${id}`).set('If-Match', '*')).status).toBe(204)
  expect((await owner.get(`/webhooks/${id}`)).status).toBe(404)
})

test('the audit log names the address, without what stands behind the question mark', async () => {
  await owner.post('/webhooks', input)
  const { text } = await owner.get('/audit?entity=webhook&limit=1')
  expect(text).toContain('https://pbx.example/hook?…')
  expect(text).not.toContain('geheim')
})

test('whoever may not see people cannot have others told of them', async () => {
  await bench.roles.add(BY_TEST, {
    siteId: ALL_SITES,
    name: 'plumber',
    permissions: ['webhooks.read', 'webhooks.write', 'phones.read'],
  })
  const plumber = bench.as(await bench.tokenFor('plumber'))
  const about = (types: string[]) => plumber.post('/webhooks', { url: 'https://x.example/', types })
  expect((await about(['extension.changed'])).status).toBe(403)
  expect((await about([])).status).toBe(403)
  const allowed = await about(['device.changed'])
  expect(allowed.status).toBe(201)
  const more = plumber.patch(`/webhooks/${(allowed.body as { id: string }).id}`, { types: [] })
  expect((await more.set('If-Match', '*')).status).toBe(403)
})
