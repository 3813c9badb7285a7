import { beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { LineKey } from '../../src/domain/entities.js'
import { deviceConfigKey, modelConfigKey } from '../../src/provisioning/config-key.js'
import type { ServerAddress } from '../../src/provisioning/file-view.js'
import { modelOf } from '../support/phone-catalog.js'
import { phone, ProvisioningBench, SERVER } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'
import { DEFAULT_SITE } from '../support/admins.js'

const MAC = '001565aabb01'
const BLF: LineKey = { id: 'k1', owner: { kind: 'extension', id: 'e101' }, position: 1, kind: 'blf', value: '102' }

let bench: ProvisioningBench

beforeEach(() => {
  bench = new ProvisioningBench()
  bench.snapshot.content.putExtension(extensionRecord('101', { keys: [BLF] }))
  bench.snapshot.content.putExtension(extensionRecord('102'))
  bench.snapshot.content.putExtension(extensionRecord('103'))
  bench.snapshot.content.putDevice(phone(MAC, ['101'], { groupId: 'g1' }))
})

function deviceKey(server: ServerAddress = SERVER, cleared = false): string {
  const device = bench.snapshot.device(`d${MAC}`)
  if (!device) throw new Error('no device')
  return deviceConfigKey(bench.snapshot, modelOf(bench.phones.catalog, device.model), device, server, cleared)
}

function commonKey(server: ServerAddress = SERVER): string {
  return modelConfigKey(bench.snapshot, modelOf(bench.phones.catalog, 'yealink/t21p-e2'), server)
}

test('the person behind a key of its group is part of the key of a phone’s file', () => {
  const key: LineKey = { id: 'g', owner: { kind: 'group', id: 'g1' }, position: 1, kind: 'blf', value: '103' }
  bench.snapshot.content.putLayer('group', 'g1', { revision: 1, values: new Map(), keys: [key] })
  const before = deviceKey()
  bench.snapshot.content.putExtension(extensionRecord('103', { revision: 2 }))
  expect(deviceKey()).not.toBe(before)
})

describe('the key of a phone’s file changes', () => {
  test.each<[string, () => void]>([
    ['with a global setting', () => bench.set('global', '', {})],
    ['with a setting of its site', () => bench.set('site', DEFAULT_SITE, {})],
    ['with a setting of its vendor', () => bench.set('vendor', 'yealink', {})],
    ['with a setting of its model', () => bench.set('model', 'yealink/t21p-e2', {})],
    ['with a setting of its group', () => bench.set('group', 'g1', {})],
    ['with a setting of its person', () => bench.set('extension', 'e101', {})],
    ['with a setting of its own', () => bench.set('device', `d${MAC}`, {})],
    ['with a setting of its line', () => bench.set('line', `l${MAC}-1`, {})],
    ['with its record', () => bench.snapshot.content.putDevice(phone(MAC, ['101'], { groupId: 'g1', revision: 2 }))],
    [
      'with its firmware',
      () => bench.snapshot.content.putDevice(phone(MAC, ['101'], { groupId: 'g1', firmwareVersion: '52.84.0.125' })),
    ],
    [
      'with its person',
      () => bench.snapshot.content.putExtension(extensionRecord('101', { keys: [BLF], revision: 2 })),
    ],
    [
      'with the person behind a key',
      () => bench.snapshot.content.putExtension(extensionRecord('102', { revision: 2 })),
    ],
    ['when the person behind a key goes', () => bench.snapshot.content.removeExtension('e102')],
    [
      'when the number behind a key passes to somebody else',
      () => {
        bench.snapshot.content.removeExtension('e102')
        bench.snapshot.content.putExtension(extensionRecord('102', { id: 'e102b' }))
      },
    ],
  ])('%s', (_what, change) => {
    const before = deviceKey()
    change()
    expect(deviceKey()).not.toBe(before)
  })

  test.each<[string, Partial<ServerAddress>]>([
    ['host', { host: 'other' }],
    ['HTTP port', { httpPort: 1 }],
    ['HTTPS port', { httpsPort: 1 }],
    ['TFTP port', { tftpPort: 1 }],
    ['SIP port', { sipPort: 1 }],
    ['SIP port with TLS', { sipsPort: 1 }],
  ])('with the advertised %s, and so does the key of the common file', (_what, part) => {
    expect(deviceKey({ ...SERVER, ...part })).not.toBe(deviceKey())
    expect(commonKey({ ...SERVER, ...part })).not.toBe(commonKey())
  })

  test('when the phone is told to forget its accounts', () => {
    expect(deviceKey(SERVER, true)).not.toBe(deviceKey())
  })
})

describe('the key stays', () => {
  test.each<[string, () => void]>([
    [
      'when another phone changes',
      () => bench.snapshot.content.putDevice(phone('001565aabb02', ['102'], { revision: 9 })),
    ],
    [
      'when somebody changes who stands on no key',
      () => bench.snapshot.content.putExtension(extensionRecord('103', { revision: 9 })),
    ],
    [
      'with settings of other owners',
      () => {
        bench.set('vendor', 'snom', {})
        bench.set('model', 'yealink/t28p', {})
        bench.set('group', 'g2', {})
        bench.set('extension', 'e102', {})
        bench.set('device', 'd2', {})
        bench.set('line', 'l2', {})
        bench.set('site', 'elsewhere', {})
      },
    ],
    [
      'when the phone was seen',
      () => {
        bench.snapshot.content.putDevice(phone(MAC, ['101'], { groupId: 'g1', lastSeenAt: 5, lastSeenIp: '10.0.0.9' }))
      },
    ],
  ])('%s', (_what, change) => {
    const before = [deviceKey(), commonKey()]
    change()
    expect([deviceKey(), commonKey()]).toEqual(before)
  })

  test('of the common file, whatever happens to single phones and people', () => {
    const before = commonKey()
    bench.set('device', `d${MAC}`, {})
    bench.set('extension', 'e101', {})
    bench.snapshot.content.putExtension(extensionRecord('101', { revision: 7 }))
    expect(commonKey()).toBe(before)
  })
})

test('different facts never give the same key', () => {
  const facts = fc.record({
    global: fc.nat(3),
    device: fc.nat(3),
    revision: fc.nat(3),
    host: fc.constantFrom('a', 'a 1', 'b'),
    httpPort: fc.constantFrom(1, 11, 80),
    firmware: fc.constantFrom(undefined, '', '1', '1|2'),
  })
  const keyOf = (fact: typeof facts extends fc.Arbitrary<infer T> ? T : never): string => {
    const fresh = bench.snapshot.content
    fresh.putLayer('global', '', { revision: fact.global, values: new Map() })
    fresh.putLayer('device', `d${MAC}`, { revision: fact.device, values: new Map() })
    const { firmware } = fact
    fresh.putDevice(
      phone(MAC, ['101'], { revision: fact.revision, ...(firmware ? { firmwareVersion: firmware } : {}) }),
    )
    return deviceKey({ ...SERVER, host: fact.host, httpPort: fact.httpPort })
  }
  fc.assert(
    fc.property(facts, facts, (a, b) => {
      const same =
        JSON.stringify({ ...a, firmware: a.firmware || 0 }) === JSON.stringify({ ...b, firmware: b.firmware || 0 })
      expect(keyOf(a) === keyOf(b)).toBe(same)
    }),
  )
})
