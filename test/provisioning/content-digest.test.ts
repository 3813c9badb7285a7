import { beforeEach, expect, test } from '@jest/globals'
import type { LineKey } from '../../src/domain/entities.js'
import type { Mac } from '../../src/domain/mac-address.js'
import type { Sealed } from '../../src/domain/secret.js'
import { deviceConfigKey, modelConfigKey } from '../../src/provisioning/config-key.js'
import { deviceContentDigest, modelContentDigest } from '../../src/provisioning/content-digest.js'
import { buildDeviceView, buildModelView } from '../../src/provisioning/view.js'
import type { DeviceRecord, ExtensionRecord, Snapshot } from '../../src/snapshot/snapshot.js'
import { Secret } from '../../src/domain/secret.js'
import { phone, ProvisioningBench, SERVER } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const ANNA = '001565aabb01' as Mac
const BLF: LineKey = { id: 'k1', owner: { kind: 'extension', id: 'e101' }, position: 1, kind: 'blf', value: '102' }

let bench: ProvisioningBench
let anna: ExtensionRecord
let bert: ExtensionRecord
let device: DeviceRecord

beforeEach(() => {
  bench = new ProvisioningBench()
  anna = extensionRecord('101', { keys: [BLF] })
  bert = extensionRecord('102')
  device = phone(ANNA, ['101'])
  putAll()
})

function putAll(): void {
  const { content } = bench.snapshot
  content.putExtension({ ...anna })
  content.putExtension({ ...bert })
  content.putDevice({ ...device })
}

function digest(server = SERVER, cleared = false): string {
  const model = bench.phones.catalog.model(device.model)
  const found = bench.snapshot.deviceByMac(ANNA)
  if (!model || !found) throw new Error('the phone is missing')
  return deviceContentDigest(bench.snapshot, model, found, server, cleared)
}

test('the same content has the same digest in other records, as after a start', () => {
  const before = digest()
  expect(before).toMatch(/^[0-9a-f]{64}$/)
  putAll()
  expect(digest()).toBe(before)
})

test('when and where a phone was seen, and the tokens of apps, are in no file and not in the digest', () => {
  const before = digest()
  device = { ...device, lastSeenAt: 5, lastSeenIp: '10.0.0.9' }
  anna = { ...anna, softphones: [] }
  putAll()
  expect(digest()).toBe(before)
})

test.each<[string, () => void]>([
  ['a name', () => (anna = { ...anna, displayName: 'Anna Berg' })],
  ['the name of somebody on a key', () => (bert = { ...bert, displayName: 'Bert' })],
  ['keys', () => (anna = { ...anna, keys: [{ ...BLF, position: 2 }] })],
  ['who may make calls', () => (anna = { ...anna, enabled: false })],
  ['the token', () => (device = { ...device, sealedToken: 'another' as Sealed })],
  ['the password of the phone', () => (device = { ...device, sealedAdminPassword: 'another' as Sealed })],
  [
    'the password of a line',
    () => (device = { ...device, lines: device.lines.map((line) => ({ ...line, sealedPassword: 'x' as Sealed })) }),
  ],
  ['the firmware', () => (device = { ...device, firmwareVersion: '34.72.0.75' })],
])('%s is another digest, with the same revisions too', (_what, change) => {
  const before = digest()
  change()
  putAll()
  expect(digest()).not.toBe(before)
})

test('a value of any layer is another digest, with the same revision too', () => {
  const { content } = bench.snapshot
  const seen = new Set([digest()])
  for (const [layer, owner] of [
    ['global', ''],
    ['site', device.siteId],
    ['vendor', 'yealink'],
    ['model', device.model],
    ['extension', anna.id],
    ['device', device.id],
    ['line', device.lines[0]?.id ?? ''],
  ] as const) {
    for (const value of ['de', 'fr']) {
      content.putLayer(layer, owner, { revision: 1, values: new Map([['language', value]]) })
      seen.add(digest())
    }
  }
  expect(seen.size).toBe(1 + 7 * 2)
})

test('another address, a phone that is cleared, another model have digests of their own', () => {
  const { catalog } = bench.phones
  const common = (id: string, server = SERVER): string => {
    const model = catalog.model(id)
    if (!model) throw new Error('the model is missing')
    return modelContentDigest(bench.snapshot, model, server)
  }
  const all = [
    ...[digest(), digest({ ...SERVER, host: '10.0.0.2' }), digest({ ...SERVER, sipPort: 5061 }), digest(SERVER, true)],
    ...[common('yealink/t28p'), common('snom/d120'), common('snom/d120', { ...SERVER, httpPort: 81 })],
  ]
  expect(new Set(all).size).toBe(all.length)
})

test('a view reads no record that the config key does not ask for: none would be missing in the digest', () => {
  device = phone(ANNA, ['101', '102'], { groupId: 'g1', firmwareVersion: '34.72.0.75', model: 'yealink/t28p' })
  anna = { ...anna, keys: [BLF, { ...BLF, id: 'k2', position: 2, value: '102' }] }
  putAll()
  const { content } = bench.snapshot
  for (const [layer, owner] of [
    ['global', ''],
    ['group', 'g1'],
    ['extension', anna.id],
    ['line', device.lines[1]?.id ?? ''],
  ] as const) {
    content.putLayer(layer, owner, { revision: 1, values: new Map([['language', 'de']]) })
  }
  const readBy = (read: (snapshot: Snapshot) => unknown): Set<unknown> => {
    const answers = new Set<unknown>()
    const spy = new Proxy<Snapshot>(bench.snapshot, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          const answer: unknown = Reflect.apply(member, target, args)
          answers.add(answer)
          return answer
        }
      },
    })
    read(spy)
    return answers
  }
  const { catalog, vocabulary, zones } = bench.phones
  const model = catalog.model(device.model)
  const found = bench.snapshot.deviceByMac(ANNA)
  if (!model || !found) throw new Error('the phone is missing')
  const sources = (snapshot: Snapshot) => ({
    snapshot,
    vocabulary,
    zones,
    open: (sealed: Sealed) => new Secret(sealed),
  })
  const byKey = readBy((snapshot) => deviceConfigKey(snapshot, model, found, SERVER, false))
  const byView = readBy((snapshot) => buildDeviceView(sources(snapshot), model, found, SERVER))
  expect(byView.size).toBeGreaterThan(6)
  expect([...byView].filter((answer) => !byKey.has(answer))).toEqual([])
  const byModelKey = readBy((snapshot) => modelConfigKey(snapshot, model, SERVER))
  const byModelView = readBy((snapshot) => buildModelView(sources(snapshot), model, SERVER))
  expect([...byModelView].filter((answer) => !byModelKey.has(answer))).toEqual([])
})
