import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { adminBench, type AdminBench, type AdminClient } from '../support/admin-api.js'

const MAC = '001565000001'

interface Resync {
  id: string
  kind: string
  outcome?: string
  requestedBy: string
}

let bench: AdminBench
let helpdesk: AdminClient

beforeAll(async () => {
  bench = await adminBench()
  const owner = bench.as(await bench.tokenFor('owner'))
  helpdesk = bench.as(await bench.tokenFor('helpdesk'))
  expect((await owner.post('/devices', { mac: MAC, model: 'yealink/t21p-e2' })).status).toBe(201)
})

afterAll(() => bench.remove())

test('a phone is asked to look for a new config; who asks meanwhile gets the same request', async () => {
  const asked = await helpdesk.post(`/devices/${MAC}/resync`, {})
  const { id, kind, outcome, requestedBy } = asked.body as Resync
  expect([asked.status, kind, outcome]).toEqual([202, 'resync', undefined])
  expect(requestedBy).toMatch(/^\w+:/)
  expect(asked.headers.location).toMatch(new RegExp(`/devices/${MAC}/resyncs$`))
  const again = await helpdesk.post(`/devices/${MAC}/resync`, { kind: 'reboot' })
  expect(again.body).toMatchObject({ id, kind: 'resync' })
})

test('what came of it is listed', async () => {
  const listed = await helpdesk.get(`/devices/${MAC}/resyncs`)
  const [asked] = (listed.body as { items: Resync[] }).items
  expect(listed.status).toBe(200)
  expect(asked).toMatchObject({ mac: MAC, kind: 'resync' })
  const result = { outcome: 'heard', status: 200, event: 'check-sync;reboot=false', sentTo: '192.0.2.9:5060' }
  await bench.fresh.databases
    .events('resync_requests')
    .where({ id: asked?.id ?? '' })
    .update({
      finished_at: 1_750_000_000_000,
      outcome: 'heard',
      status: 200,
      event: result.event,
      sent_to: result.sentTo,
    })
  const after = await helpdesk.get(`/devices/${MAC}/resyncs`)
  expect((after.body as { items: Resync[] }).items).toMatchObject([
    { ...result, finishedAt: '2025-06-15T15:06:40.000Z' },
  ])
})

test('an unknown phone and an unknown wish are refused', async () => {
  expect((await helpdesk.post('/devices/001565999999/resync', {})).body).toMatchObject({ code: 'DEVICE_NOT_FOUND' })
  const wrong = await helpdesk.post(`/devices/${MAC}/resync`, { kind: 'explode' })
  expect(wrong.body).toMatchObject({ code: 'REQUEST_INVALID' })
})
