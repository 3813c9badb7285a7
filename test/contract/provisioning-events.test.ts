import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { ProvisioningEvent } from '../../src/domain/entities.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { SILENT_LOG, type Log } from '../../src/observe/log.js'
import { readDeviceEvents, readStrangers } from '../../src/provisioning/edge/event-reads.js'
import { createEventWriter } from '../../src/provisioning/edge/event-writer.js'
import { describeOverDatabases } from '../support/databases.js'
import { FakeClock } from '../support/fake-clock.js'

const MAC = '0015650000aa' as Mac
const DAY_MS = 86_400_000

/** Only what every event has. */
const bare = (part: Partial<ProvisioningEvent> = {}): ProvisioningEvent => ({
  at: 1_750_000_000_000,
  transport: 'http',
  path: `/${MAC}.cfg`,
  peer: '192.0.2.1',
  outcome: 'served',
  status: 200,
  bytes: 6000,
  micros: 480,
  ...part,
})
const event = (part: Partial<ProvisioningEvent> = {}): ProvisioningEvent =>
  bare({
    mac: MAC,
    deviceId: 'd1',
    userAgent: 'Yealink SIP-T21P_E2 52.84.0.15',
    sha256: 'a'.repeat(64),
    ...part,
  })
const stranger = (part: Partial<ProvisioningEvent> = {}): ProvisioningEvent =>
  bare({ userAgent: 'curl', outcome: 'unknown-device', status: 404, ...part })

describeOverDatabases('provisioning events', (fresh) => {
  let clock: FakeClock
  beforeEach(() => {
    clock = new FakeClock()
  })
  afterEach(async () => {
    await fresh().databases.events('provisioning_events').delete()
    await fresh().databases.events('stranger_requests').delete()
  })
  const writer = (part: Partial<Parameters<typeof createEventWriter>[0]> = {}): ReturnType<typeof createEventWriter> =>
    createEventWriter({ databases: fresh().databases, clock, log: SILENT_LOG, ...part })
  const read = (limit = 100): Promise<ProvisioningEvent[]> => readDeviceEvents(fresh().databases.events, MAC, limit)

  test('come back as they were, newest first, of this phone only', async () => {
    const events = writer()
    const short = bare({ at: 2, mac: MAC, outcome: 'blocked', reason: 'blocked' })
    events.record(event({ at: 1 }))
    events.record(short)
    events.record(event({ mac: '0015650000ab' as Mac }))
    await events.stop()
    expect(await read()).toEqual([short, event({ at: 1 })])
    expect(await read(1)).toEqual([short])
  })

  test('are written half a second after the first, in one go', async () => {
    const events = writer()
    for (let at = 0; at < 5_000; at += 1) events.record(event({ at, path: `/${at}.cfg` }))
    expect(await read(9_999)).toEqual([])
    clock.advance(500)
    await events.flush()
    expect((await read(9_999)).map(({ at }) => at)).toEqual(Array.from({ length: 5_000 }, (_, i) => 4_999 - i))
    expect(clock.pending).toBe(0)
  })

  test('what a phone asks again within a minute is counted, and written as one event when the minute is over', async () => {
    const events = writer()
    const start = clock.now()
    for (let second = 0; second <= 50; second += 10) {
      events.record(event({ at: clock.now() }))
      clock.advance(10_000)
      await events.flush()
    }
    expect(await read()).toEqual([event({ at: start })])
    clock.advance(60_000)
    await events.flush()
    expect(await read()).toEqual([event({ at: start + 50_000, times: 5 }), event({ at: start })])
    expect(clock.pending).toBe(0)
  })

  test('what is new is written within half a second although a count waits for its minute', async () => {
    const events = writer()
    const written = async (rows: number): Promise<void> => {
      while ((await read()).length < rows);
    }
    events.record(event({ at: clock.now() }))
    events.record(event({ at: clock.now() }))
    clock.advance(500)
    await written(1)
    // Each reading is a turn of the loop: the count's own timer is set after the write.
    while (clock.pending === 0) await read()
    const changed = event({ at: clock.now(), sha256: 'b'.repeat(64) })
    events.record(changed)
    clock.advance(500)
    await written(2)
    expect(await read(1)).toEqual([changed])
    await events.stop()
    expect(clock.pending).toBe(0)
  })

  test('what was counted is written when the server stops', async () => {
    const events = writer()
    for (let at = 1; at <= 3; at += 1) events.record(event({ at }))
    await events.stop()
    expect(await read()).toEqual([event({ at: 3, times: 2 }), event({ at: 1 })])
  })

  test('strangers are counted per source and kind of refusal, not kept one by one', async () => {
    const events = writer()
    for (let at = 1; at <= 300; at += 1) events.record(stranger({ at, path: `/${at}.cfg` }))
    await events.flush()
    for (let at = 301; at <= 400; at += 1) events.record(stranger({ at, mac: MAC }))
    events.record(stranger({ at: 50, outcome: 'unknown-file', peer: '192.0.2.2' }))
    await events.stop()
    expect(await read()).toEqual([])
    expect(await readStrangers(fresh().databases.events, { limit: 10 })).toEqual([
      expect.objectContaining({ peer: '192.0.2.1', requests: 400, firstAt: 1, lastAt: 400, lastMac: MAC }),
      expect.objectContaining({ peer: '192.0.2.2', requests: 1, outcome: 'unknown-file' }),
    ])
    expect(await readStrangers(fresh().databases.events, { limit: 10, mac: MAC })).toHaveLength(1)
  })

  test('a refused request of a phone of ours is an event of its own', async () => {
    const events = writer()
    events.record(event({ outcome: 'untrusted', status: 404 }))
    await events.stop()
    expect(await read()).toHaveLength(1)
    expect(await readStrangers(fresh().databases.events, { limit: 1 })).toEqual([])
  })

  test('a stranger who knows a MAC cannot push the history of that phone out: its refusals are few rows a minute', async () => {
    const events = writer()
    const refused = (): void => events.record(event({ outcome: 'untrusted', status: 404, peer: '198.51.100.7' }))
    for (let n = 0; n < 1_000; n += 1) refused()
    await events.flush()
    expect(await read(9_999)).toHaveLength(60)
    expect(await readStrangers(fresh().databases.events, { limit: 9 })).toMatchObject([
      { peer: '198.51.100.7', requests: 940, lastMac: MAC },
    ])
    events.record(event())
    clock.advance(60_000)
    refused()
    await events.stop()
    expect(await read(9_999)).toHaveLength(62)
  })

  test('hostile texts are stored: NUL, half a surrogate pair, no end', async () => {
    const events = writer()
    const path = `/a\0b\ud800${'x'.repeat(100_000)}`
    events.record(event({ path, userAgent: '\0\udfff', micros: 12.7 }))
    await events.stop()
    const [stored] = await read()
    expect(stored?.path).toMatch(/^\/ab\ufffdx{500,}$/)
    expect(stored?.path.length).toBeLessThanOrEqual(512)
    expect(stored).toMatchObject({ userAgent: '\ufffd', micros: 13 })
    expect(events.dropped).toBe(0)
  })

  test('more than the buffer holds are let go and counted', async () => {
    const events = writer({ capacity: 10 })
    for (let at = 0; at < 25; at += 1) events.record(event({ at, path: `/${at}.cfg` }))
    await events.stop()
    expect(events.dropped).toBe(15)
    expect(await read()).toHaveLength(10)
  })

  test('while the database does not take them they wait, said once', async () => {
    const lines: string[] = []
    const note: Log['warn'] = (_fields, message) => void lines.push(message)
    const outage = Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' })
    const { events: real } = fresh().databases
    let away = true
    const flaky = new Proxy(real, {
      get: (target, name, receiver): unknown =>
        name === 'transaction' && away ? () => Promise.reject(outage) : Reflect.get(target, name, receiver),
    })
    const events = writer({ databases: { events: flaky }, log: { ...SILENT_LOG, warn: note } })
    events.record(event())
    events.record(stranger())
    for (let turn = 0; turn < 2; turn += 1) {
      clock.advance(5_000)
      await expect(events.flush()).rejects.toBe(outage)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(lines).toEqual(['provisioning events wait: the database does not take them'])
    events.record(stranger({ at: 1_750_000_000_001 }))
    away = false
    await events.stop()
    expect(await read()).toHaveLength(1)
    expect(await readStrangers(real, { limit: 1 })).toMatchObject([{ requests: 2, firstAt: 1_750_000_000_000 }])
  })

  test('are kept by days and by rows', async () => {
    const events = writer({ retentionDays: 30, retentionRows: 700 })
    const now = clock.now()
    for (let i = 0; i < 600; i += 1) events.record(event({ at: now - 31 * DAY_MS, path: `/${i}` }))
    for (let i = 0; i < 800; i += 1) events.record(event({ at: now - 29 * DAY_MS + i, path: `/${i}` }))
    events.record(stranger({ at: now - 31 * DAY_MS }))
    events.record(stranger({ at: now, peer: '192.0.2.9' }))
    await events.flush()
    expect(await events.prune()).toBe(701)
    const left = await read(9_999)
    expect(left).toHaveLength(700)
    expect(left.at(-1)?.at).toBe(now - 29 * DAY_MS + 100)
    expect(await readStrangers(fresh().databases.events, { limit: 9 })).toMatchObject([{ peer: '192.0.2.9' }])
    expect(await events.prune()).toBe(0)
    await events.stop()
  })

  test('a clock that jumps a year ahead for some hours deletes none', async () => {
    const events = writer({ steady: clock.steady })
    const hours = async (count: number): Promise<void> => {
      for (let hour = 0; hour < count; hour += 1) {
        events.record(event({ at: clock.now(), path: `/${clock.now()}` }))
        clock.advance(3_600_000)
        // The hourly turn has been taken when what it wrote is there.
        await events.flush()
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await hours(8)
    clock.jump(365 * DAY_MS)
    await hours(4)
    clock.jump(-365 * DAY_MS)
    await hours(8)
    expect(await read()).toHaveLength(20)
    clock.jump(365 * DAY_MS)
    await hours(10)
    await events.stop()
    // A date that stays is believed.
    expect(await read()).toHaveLength(14)
  })
})
