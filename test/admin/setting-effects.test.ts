import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { adminBench, type AdminBench, type AdminClient } from '../support/admin-api.js'
import { createEventWriter } from '../../src/provisioning/edge/event-writer.js'

let bench: AdminBench
let owner: AdminClient
let operator: AdminClient
const MACS = ['805ec0000001', '805ec0000002', '000413000003']

beforeAll(async () => {
  bench = await adminBench()
  owner = bench.as(await bench.tokenFor('owner'))
  operator = bench.as(await bench.tokenFor('operator'))
  await owner.post('/groups', { name: 'Hall' })
  for (const [index, mac] of MACS.entries()) {
    const number = String(101 + index)
    await owner.post('/extensions', { number, name: `Person ${number}` })
    const model = mac.startsWith('0004') ? 'snom/d120' : 'yealink/t21p-e2'
    await owner.post('/devices', {
      mac,
      model,
      lines: [{ extension: number }],
      ...(index === 1 ? { group: 'Hall' } : {}),
    })
  }
  await bench.parts.refresh()
})
afterAll(() => bench.remove())

const etag = async (path: string): Promise<string> => (await owner.get(path)).headers.etag ?? ''

async function put(path: string, body: object): Promise<{ status: number; body: { asked?: number } }> {
  const layer = path.split('/').slice(0, 4).join('/')
  const answer = await owner.put(path, body).set('If-Match', await etag(layer))
  await bench.parts.refresh()
  return { status: answer.status, body: answer.body as { asked?: number } }
}

describe('before a value is saved', () => {
  test('it is told how many phones change, which, and what is different for one of them', async () => {
    const { body, status } = await owner.post('/settings/group/Hall/language/preview', { value: 'de' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ complete: true, changed: 1, restarting: 0, phones: [MACS[1]] })
    const { sample } = body as { sample: { mac: string; files: { diff: { kind: string; text: string }[] }[] } }
    expect(sample.mac).toBe(MACS[1])
    expect(sample.files.flatMap(({ diff }) => diff).filter(({ kind }) => kind === 'new').length).toBeGreaterThan(0)
    expect((await owner.get('/settings/group/Hall')).body).toMatchObject({ values: {} })
  })

  test('phones that restart are counted', async () => {
    const { body } = await owner.post('/settings/global/-/vlanId/preview', { value: 30 })
    expect(body).toMatchObject({ changed: 3, restarting: 3 })
  })

  test('a value that does not fit is refused as it would be when saved', async () => {
    const { body, status } = await owner.post('/settings/global/-/vlanId/preview', { value: 99_999 })
    expect([status, (body as { code: string }).code]).toEqual([422, 'SETTING_VALUE_INVALID'])
  })

  test('who may not change all sites may not try it out on them', async () => {
    expect((await operator.post('/settings/global/-/vlanId/preview', { value: 3 })).status).toBe(403)
    expect((await operator.post('/settings/site/-/vlanId/preview', { value: 3 })).status).toBe(200)
  })

  test('an answer is only for the one who asked', async () => {
    const { body } = await owner.post('/settings/group/Hall/language/preview', { value: 'fr' })
    const { id } = body as { id: string }
    expect((await owner.get(`/effects/${id}`)).body).toMatchObject({ id, changed: 1 })
    expect((await operator.get(`/effects/${id}`)).status).toBe(404)
  })
})

describe('a value saved with "tell the phones"', () => {
  test('asks just the phones whose files it changes', async () => {
    const { status, body } = await put('/settings/group/Hall/language', { value: 'de', resync: true })
    expect([status, body.asked]).toEqual([200, 1])
    const resyncs = (await owner.get(`/devices/${MACS[1]}/resyncs`)).body as { items: object[] }
    expect(resyncs.items).toHaveLength(1)
    expect((await owner.get(`/devices/${MACS[0]}/resyncs`)).body).toEqual({ items: [] })
  })

  test('asks nobody when nothing changes for phones', async () => {
    const { body } = await put('/settings/group/Hall/language', { value: 'de', resync: true })
    expect(body.asked).toBe(0)
  })
})

test('a layer tells every setting with what it inherits, from where, and who set it', async () => {
  await put('/settings/site/-/dtmf', { value: 'info' })
  await put('/settings/group/Hall/clock24', { value: false })
  const { items } = (await owner.get('/settings/group/Hall/explained')).body as { items: Record<string, unknown>[] }
  const of = (key: string): object | undefined => items.find((one) => one.key === key)
  expect(of('dtmf')).toMatchObject({ set: false, value: 'info', origin: { layer: 'site' } })
  expect(of('clock24')).toMatchObject({ set: true, value: false, inherited: true, origin: { layer: 'shipped' } })
  expect(of('clock24')).toHaveProperty('setBy')
  expect(of('clock24')).toHaveProperty('setAt')
  const seen = (await operator.get('/settings/group/Hall/explained')).body as { items: Record<string, unknown>[] }
  expect(seen.items.find(({ key }) => key === 'clock24')).not.toHaveProperty('setBy')
})

describe('what waits for phones', () => {
  async function served(mac: string): Promise<void> {
    const name = mac.startsWith('0004') ? `snomD120-${mac.toUpperCase()}.htm` : `${mac}.cfg`
    const device = bench.parts.snapshot.deviceByMac(mac as never)
    const { sha256Hex } = await import('../../src/domain/fingerprint.js')
    const { previewFiles } = await import('../../src/provisioning/preview.js')
    if (!device) throw new Error('no phone')
    const [file] = previewFiles(bench.parts, device, { wanted: name, secrets: true })
    const writer = createEventWriter({
      ...{ databases: bench.fresh.databases, clock: bench.clock, retentionDays: 30 },
      log: { debug() {}, info() {}, warn() {}, error() {} } as never,
    })
    const event = {
      ...{ at: bench.clock.now(), transport: 'http', path: `/${name}`, peer: '192.0.2.9', mac, deviceId: device.id },
      ...{ outcome: 'served', status: 200, bytes: 100, micros: 1, sha256: sha256Hex(file?.text ?? '') },
    } as Parameters<typeof writer.record>[0]
    writer.record(event)
    await writer.stop()
    bench.parts.waiting.heed(event)
  }

  test('phones whose files changed since they fetched them, and no others; a rename finds its phone', async () => {
    for (const mac of MACS) await served(mac)
    expect((await owner.get('/changes')).body).toMatchObject({ items: [], total: 0, same: 3, unknown: 0 })
    const found = await etag('/extensions/101')
    await owner.patch('/extensions/101', { name: 'Renamed' }).set('If-Match', found)
    await bench.parts.refresh()
    const { body } = await owner.get('/changes')
    expect(body).toMatchObject({ total: 1, same: 2, items: [{ mac: MACS[0], files: [{ name: `${MACS[0]}.cfg` }] }] })
    const asked = await owner.post('/changes/resync', {})
    expect([asked.status, asked.body]).toEqual([202, { asked: 1 }])
    await served(MACS[0] ?? '')
    expect((await owner.get('/changes')).body).toMatchObject({ total: 0, same: 3 })
    expect((await owner.post('/changes/resync', { phones: [MACS[0]] })).status).toBe(400)
  })

  test('viewers see it, and cannot ask phones', async () => {
    const viewer = bench.as(await bench.tokenFor('viewer'))
    expect((await viewer.get('/changes')).status).toBe(200)
    expect((await viewer.post('/changes/resync', {})).status).toBe(403)
  })
})

describe('a planned change', () => {
  test('is listed, shown with its time, and cancelled', async () => {
    await put('/settings/site/-/timezone', { value: 'Europe/Berlin' })
    const year = new Date(bench.clock.now() + 60 * 86_400_000).getUTCFullYear()
    const at = new Date(bench.clock.now() + 60 * 86_400_000).toISOString().slice(0, 10)
    const body = { layer: 'group', owner: 'Hall', key: 'dtmf', value: 'inband', at: `${at}T03:30` }
    const added = await operator.post('/scheduled-changes', body)
    expect([added.status, added.body]).toEqual([
      201,
      expect.objectContaining({ state: 'waiting', owner: 'Hall', value: 'inband', resync: true }),
    ])
    const { id, at: moment } = added.body as { id: string; at: string }
    expect([Date.parse(moment) < Date.parse(`${at}T03:30Z`), moment.startsWith(String(year))]).toEqual([true, true])
    const list = await owner.get('/scheduled-changes')
    expect(list.body).toMatchObject({ items: [{ id, state: 'waiting' }], zone: 'Europe/Berlin' })
    const tag = await etag(`/scheduled-changes/${id}`)
    expect((await operator.delete(`/scheduled-changes/${id}`).set('If-Match', tag)).status).toBe(204)
    expect((await owner.get(`/scheduled-changes/${id}`)).body).toMatchObject({ state: 'cancelled' })
  })

  test('a time that is past or none is refused', async () => {
    const body = { layer: 'group', owner: 'Hall', key: 'dtmf', value: 'inband' }
    for (const at of ['2001-01-01T00:00', '2026-02-30T10:00', 'soon']) {
      const { status, body: refused } = await owner.post('/scheduled-changes', { ...body, at })
      expect([at, status, (refused as { code: string }).code]).toEqual([at, 422, 'SCHEDULE_INVALID'])
    }
  })
})
