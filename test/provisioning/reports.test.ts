import { beforeEach, describe, expect, test } from '@jest/globals'
import { Live } from '../../src/web/live.js'
import { phone, ProvisioningBench, tokenOf } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const YEALINK = '001565aabb01'
const SNOM = '000413aabb02'
const STRANGER = { peerAddress: '203.0.113.9' }
const KEY = 'reportDoNotDisturb'
const reportOf = (mac: string, name: 'dnd-on' | 'dnd-off' = 'dnd-on'): string => `/${tokenOf(mac)}/${name}`

let bench: ProvisioningBench

beforeEach(() => {
  bench = new ProvisioningBench()
  bench.snapshot.content.putExtension(extensionRecord('101'))
  bench.snapshot.content.putDevice(phone(YEALINK, ['101']))
  bench.snapshot.content.putDevice(phone(SNOM, ['101'], { model: 'snom/d120' }))
  bench.set('site', bench.snapshot.defaultSite().id, { [KEY]: true })
})

describe('a phone that reports do not disturb', () => {
  test('is told where, behind its own token, as its vendor has it', () => {
    const yealink = bench.text(`/${YEALINK}.cfg`)
    const { host, httpPort } = bench.server
    const base = `http://${host}:${httpPort}`
    expect(yealink).toContain(`action_url.dnd_on = ${base}${reportOf(YEALINK)}\n`)
    expect(yealink).toContain(`action_url.dnd_off = ${base}${reportOf(YEALINK, 'dnd-off')}\n`)
    const snom = bench.text('/snomD120-000413AABB02.htm')
    expect(snom).toMatch(new RegExp(`<action_dnd_on_url[^>]*>${base}${reportOf(SNOM)}<`))
  })

  test('is told to forget it where the setting is off, as it is by itself', () => {
    bench.set('site', bench.snapshot.defaultSite().id, {})
    expect(bench.text(`/${YEALINK}.cfg`)).not.toContain('/dnd-on')
    expect(bench.text(`/${YEALINK}.cfg`)).toMatch(/^action_url\.dnd_on =/m)
  })

  test('is heard from wherever its files may be fetched, and answered nothing', () => {
    expect(bench.ask(reportOf(YEALINK), STRANGER)).toMatchObject({ kind: 'bytes', body: new Uint8Array() })
    bench.ask(reportOf(YEALINK, 'dnd-off'), STRANGER)
    expect(bench.reports).toEqual([
      [YEALINK, true],
      [YEALINK, false],
    ])
    expect(bench.events.at(-1)).toMatchObject({ outcome: 'served', mac: YEALINK, reason: 'do not disturb: off' })
    expect(JSON.stringify(bench.events)).not.toContain(tokenOf(YEALINK))
  })
})

describe('nobody else is heard, and all are answered as for an unknown file', () => {
  test.each([
    ['a stranger without a token', '/dnd-on', STRANGER],
    ['somebody of the office without a token', '/dnd-on', {}],
    ['one with a token of nobody', `/${'0'.repeat(32)}/dnd-on`, STRANGER],
    ['one who names a MAC address', `/${YEALINK}/dnd-on`, {}],
    ['by TFTP', reportOf(YEALINK), { transport: 'tftp' as const }],
    ['another state than on and off', `/${tokenOf(YEALINK)}/dnd-maybe`, {}],
  ])('%s', (_who, path, from) => {
    expect(bench.ask(path, from)).toEqual(bench.ask('/nothing-at-all', from))
    expect(bench.reports).toEqual([])
  })

  test('a blocked phone, one that is not to report, one of another network', () => {
    bench.snapshot.content.putDevice(phone(YEALINK, ['101'], { state: 'blocked' }))
    bench.set('device', `d${SNOM}`, { [KEY]: false })
    const nothing = bench.ask('/nothing-at-all', STRANGER)
    for (const mac of [YEALINK, SNOM]) expect(bench.ask(reportOf(mac), STRANGER)).toEqual(nothing)
    bench.snapshot.content.putDevice(phone(YEALINK, ['101']))
    bench.set('extension', 'e101', { allowedNetworks: ['192.0.2.0/24'] })
    expect(bench.ask(reportOf(YEALINK), STRANGER)).toEqual(nothing)
    expect(bench.reports).toEqual([])
  })
})

test('what is reported is told of phone and people within a second, and forgotten when the phone is not heard any more', () => {
  const { clock } = bench
  const live = new Live({ clock, snapshot: bench.snapshot })
  const told: string[][] = []
  live.subscribe(({ devices, extensions }) => told.push([...devices, ...extensions]))
  const device = phone(YEALINK, ['101', '102'])
  live.reported(device, true)
  clock.advance(999)
  expect(told).toEqual([[device.id, 'e101', 'e102']])
  expect([device.id, 'e101', 'e102', 'e103'].map((id) => live.isDoNotDisturb(id))).toEqual([true, true, true, false])
  live.keepReports(() => true)
  expect(live.isDoNotDisturb(device.id)).toBe(true)
  live.keepReports(() => false)
  clock.advance(999)
  expect(told).toHaveLength(2)
  expect(live.isDoNotDisturb('e101')).toBe(false)
  live.reported(device, true)
  live.reported(device, false)
  expect(live.isDoNotDisturb(device.id)).toBe(false)
  live.stop()
})
