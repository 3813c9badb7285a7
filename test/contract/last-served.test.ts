import { afterEach, expect, test } from '@jest/globals'
import type { ProvisioningEvent } from '../../src/domain/entities.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { createEventWriter } from '../../src/provisioning/edge/event-writer.js'
import { readLastServed } from '../../src/provisioning/edge/last-served.js'
import { describeOverDatabases } from '../support/databases.js'
import { FakeClock } from '../support/fake-clock.js'

const MAC = '0015650000aa' as Mac
const OTHER = '0015650000ab' as Mac

const event = (at: number, part: Partial<ProvisioningEvent> = {}): ProvisioningEvent => ({
  ...{ at, transport: 'http', path: `/${MAC}.cfg`, peer: '192.0.2.1', mac: MAC, deviceId: 'd1' },
  ...{ outcome: 'served', status: 200, bytes: 6_000, micros: 480, sha256: `sha${at}` },
  ...part,
})

describeOverDatabases('what phones were last given', (fresh) => {
  afterEach(() => fresh().databases.events('provisioning_events').delete())

  async function after(...events: ProvisioningEvent[]): Promise<unknown> {
    const writer = createEventWriter({ databases: fresh().databases, clock: new FakeClock(), log: SILENT_LOG })
    for (const one of events) writer.record(one)
    await writer.stop()
    const served = await readLastServed(fresh().databases.events)
    return [...served].map(([mac, files]) => [mac, ...files])
  }

  test('is the newest of each file, by whatever path and protocol it was asked for', async () => {
    const told = await after(
      event(1),
      event(2, { path: '/****/0015650000AA.cfg' }),
      event(3, { path: '/y000000000052.cfg' }),
      event(4, { transport: 'tftp', path: `${MAC}.cfg` }),
      event(5, { mac: OTHER, deviceId: 'd2', path: `/${OTHER}.cfg` }),
    )
    expect(told).toEqual([
      [MAC, [`${MAC}.cfg`, { sha256: 'sha4', at: 4 }], ['y000000000052.cfg', { sha256: 'sha3', at: 3 }]],
      [OTHER, [`${OTHER}.cfg`, { sha256: 'sha5', at: 5 }]],
    ])
  })

  test('is what the phone has after a 304, and not what it did not get', async () => {
    const told = await after(
      event(1),
      event(2, { outcome: 'not-modified', status: 304, bytes: 0 }),
      event(3, { outcome: 'failed', status: 200, bytes: 100 }),
      event(4, { outcome: 'partial', status: 206 }),
      // HEAD
      event(5, { bytes: 0 }),
      event(6, { outcome: 'untrusted', status: 404, bytes: 0 }),
    )
    expect(told).toEqual([[MAC, [`${MAC}.cfg`, { sha256: 'sha2', at: 2 }]]])
  })

  test('of one phone is read alone', async () => {
    await after(event(1), event(2, { mac: OTHER, deviceId: 'd2', path: `/${OTHER}.cfg` }))
    expect([...(await readLastServed(fresh().databases.events, OTHER)).keys()]).toEqual([OTHER])
  })
})
