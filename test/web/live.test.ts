import { describe, expect, test } from '@jest/globals'
import type { ProvisioningEvent } from '../../src/domain/entities.js'
import type { Mac } from '../../src/domain/mac-address.js'
import type { DeviceRecord } from '../../src/snapshot/snapshot.js'
import { Live, type LiveChange } from '../../src/web/live.js'
import { FakeClock } from '../support/fake-clock.js'
import { deviceRecord } from '../support/records.js'

function bench() {
  const clock = new FakeClock()
  const devices = new Map<string, DeviceRecord>()
  const snapshot = {
    deviceByMac: (mac: Mac) => devices.get(mac),
    deviceByLine: (line: string) => [...devices.values()].find(({ lines }) => lines.some(({ id }) => id === line)),
  }
  const live = new Live({ clock, snapshot })
  const told: LiveChange[] = []
  live.subscribe((change) => told.push(change))
  const event = (part: Partial<ProvisioningEvent>): void =>
    live.event({
      ...{ at: clock.now(), transport: 'http', path: '/x.cfg', peer: '192.0.2.1', outcome: 'served', status: 200 },
      ...{ bytes: 1, micros: 1, ...part },
    })
  return { clock, devices, live, told, event }
}

const macOf = (number: number): Mac => (0x805ec0000000 + number).toString(16) as Mac

describe('what happens now', () => {
  test('a thousand phones that register in ten seconds are told in some forty messages, each phone once or more', () => {
    const { clock, devices, live, told } = bench()
    for (let index = 0; index < 1_000; index += 1) {
      const mac = macOf(index)
      devices.set(mac, deviceRecord(mac, [String(index)]))
      live.binding({ lineId: `l${mac}-1`, extensionId: `e${index}` })
      clock.advance(10)
    }
    clock.advance(1_000)
    expect(told.length).toBeLessThanOrEqual(42)
    expect(new Set(told.flatMap(({ devices: ids }) => [...ids])).size).toBe(1_000)
  })

  test('is told within a second of the event', () => {
    const { clock, told, event } = bench()
    event({ deviceId: 'd1' })
    expect(told).toEqual([])
    clock.advance(300)
    expect(told.map(({ devices }) => [...devices])).toEqual([['d1']])
  })

  test('a page that was made before the last change was told can be known by its count', () => {
    const { clock, live, event } = bench()
    const made = live.told
    event({ deviceId: 'd1' })
    expect(live.told).toBe(made)
    clock.advance(300)
    expect(live.told).toBe(made + 1)
  })

  test('a phone that asked is on its way for two minutes, and then that is told as a change', () => {
    const { clock, live, told, event } = bench()
    event({ deviceId: 'd1' })
    expect(live.askedAt('d1')).toBe(clock.now())
    clock.advance(121_000)
    clock.advance(1_000)
    expect(live.askedAt('d1')).toBeUndefined()
    expect(told).toHaveLength(2)
  })

  test('somebody who only says to be a phone does not make it look alive', () => {
    const { live, event } = bench()
    event({ deviceId: 'd1', outcome: 'untrusted' })
    expect(live.askedAt('d1')).toBeUndefined()
  })
})

describe('phones that wait', () => {
  test('are counted by MAC, the last heard of first, and gone once they are known', () => {
    const { clock, devices, live, event } = bench()
    event({ outcome: 'unknown-device', mac: macOf(1) })
    clock.advance(1_000)
    event({ outcome: 'unknown-device', mac: macOf(2) })
    event({ outcome: 'unknown-device', mac: macOf(1), userAgent: 'later' })
    clock.advance(1_000)
    event({ outcome: 'unknown-device', mac: macOf(2) })
    expect(live.pending().map(({ mac, requests }) => [mac, requests])).toEqual([
      [macOf(2), 2],
      [macOf(1), 2],
    ])
    devices.set(macOf(2), deviceRecord(macOf(2)))
    expect(live.pending().map(({ mac, userAgent }) => [mac, userAgent])).toEqual([[macOf(1), 'later']])
  })

  test('are a thousand at most, however many addresses somebody makes up', () => {
    const { live, event } = bench()
    for (let index = 0; index < 3_000; index += 1) event({ outcome: 'unknown-device', mac: macOf(index) })
    const macs = live.pending().map(({ mac }) => mac)
    expect([macs.length, macs.includes(macOf(0)), macs.includes(macOf(2_999))]).toEqual([1_000, false, true])
  })

  test('those of before the start do not replace what was heard since', () => {
    const { live, event } = bench()
    event({ outcome: 'unknown-device', mac: macOf(1), peer: '192.0.2.9' })
    live.remember([{ mac: macOf(1), peer: '192.0.2.1', path: '/old', firstAt: 1, lastAt: 2, requests: 7 }])
    expect(live.pending().map(({ peer }) => peer)).toEqual(['192.0.2.9'])
  })
})
