import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { MemorySnapshot, SnapshotContent } from '../../src/snapshot/memory-snapshot.js'
import { DEFAULT_SITE } from '../support/admins.js'
import { deviceRecord, extensionRecord } from '../support/records.js'

function snapshotOf(fill: (content: SnapshotContent) => void): MemorySnapshot {
  const content = new SnapshotContent()
  content.putSite({ id: DEFAULT_SITE, slug: 'default', name: 'Default', sipDomain: 'pbx.example', revision: 1 })
  fill(content)
  return new MemorySnapshot(content)
}

describe('digest users', () => {
  const mac = '0015650000aa'
  const user = `101-00aa`
  const snapshot = (part: Parameters<typeof deviceRecord>[2], enabled = true): MemorySnapshot =>
    snapshotOf((content) => {
      content.putExtension(extensionRecord('101', { enabled }))
      content.putDevice(deviceRecord(mac, ['101'], part))
    })

  test('a line of an approved phone leads to line, phone and person', () => {
    const found = snapshot({}).digestUser(DEFAULT_SITE, user)
    expect(found).toMatchObject({ extension: { number: '101' }, device: { mac }, line: { position: 1 } })
  })

  test("an extension's own name leads to the person alone", () => {
    const found = snapshot({}).digestUser(DEFAULT_SITE, '101')
    expect(found?.extension.number).toBe('101')
    expect(found?.device).toBeUndefined()
  })

  test.each(['blocked', 'pending', 'retired'] as const)('a line of a %s phone is nobody', (state) => {
    expect(snapshot({ state }).digestUser(DEFAULT_SITE, user)).toBeUndefined()
  })

  test('all names have their turn, also while people come and go; without any there is none', () => {
    const content = new SnapshotContent()
    const one = new MemorySnapshot(content)
    expect(one.someDigestName()).toBeUndefined()
    for (const number of ['101', '102', '103']) content.putExtension(extensionRecord(number))
    const names = (count: number): (string | undefined)[] =>
      Array.from({ length: count }, () => one.someDigestName()?.authUsername)
    expect(names(4)).toEqual(['101', '102', '103', '101'])
    content.removeExtension('e102')
    expect(names(3)).toEqual(['103', '101', '103'])
    expect(one.someDigestName()).toEqual({ siteId: DEFAULT_SITE, authUsername: '101' })
  })

  test('nobody is found through a disabled extension, in another site, or by a name of Object', () => {
    expect(snapshot({}, false).digestUser(DEFAULT_SITE, user)).toBeUndefined()
    expect(snapshot({}, false).digestUser(DEFAULT_SITE, '101')).toBeUndefined()
    expect(snapshot({}).digestUser('other-site', user)).toBeUndefined()
    expect(snapshot({}).digestUser(DEFAULT_SITE, 'constructor')).toBeUndefined()
  })
})

describe('the snapshot', () => {
  test('finds sites by domain in any case, and the oldest as default', () => {
    const snapshot = snapshotOf((content) => {
      content.putSite({ id: 'zz', slug: 'later', name: 'Later', revision: 1 })
    })
    expect(snapshot.siteByDomain('PBX.Example')?.id).toBe(DEFAULT_SITE)
    expect(snapshot.siteByDomain('elsewhere.example')).toBeUndefined()
    expect(snapshot.defaultSite().id).toBe(DEFAULT_SITE)
    expect(() => new MemorySnapshot().defaultSite()).toThrow(expect.objectContaining({ code: 'SITE_NOT_FOUND' }))
  })

  test('gives revision 0 and no values for a layer nobody set', () => {
    expect(snapshotOf(() => undefined).layer('device', 'x')).toEqual({ revision: 0, values: new Map() })
  })

  test('after any changes every index agrees with the records that are left', () => {
    const macs = ['0015650000aa', '0015650000ab', '0015650000ac']
    const numbers = ['101', '102', '103']
    const ids = ['d1', 'd2', 'd3']
    const put = fc.record({
      id: fc.constantFrom(...ids),
      mac: fc.constantFrom(...macs),
      lines: fc.uniqueArray(fc.constantFrom(...numbers)),
      gone: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(put), (steps) => {
        const content = new SnapshotContent()
        numbers.forEach((number) => content.putExtension(extensionRecord(number)))
        const alive = new Map<string, ReturnType<typeof deviceRecord>>()
        for (const { id, mac, lines, gone } of steps) {
          // As the database: a MAC address belongs to one device.
          const holder = [...alive.values()].find((device) => device.mac === mac && device.id !== id)
          if (holder) {
            alive.delete(holder.id)
            content.removeDevice(holder.id)
          }
          if (gone) {
            alive.delete(id)
            content.removeDevice(id)
          } else {
            const record = deviceRecord(mac, lines, { id, tokenHash: sha256Hex(`${id}${mac}`) })
            alive.set(id, record)
            content.putDevice(record)
          }
        }
        const snapshot = new MemorySnapshot(content)
        expect(snapshot.counts()).toEqual({ devices: alive.size, extensions: 3 })
        for (const mac of macs) {
          const expected = [...alive.values()].find((device) => device.mac === mac)
          expect(snapshot.deviceByMac(mac as Mac)).toBe(expected)
          for (const number of numbers) {
            const line = expected?.lines.find(({ extensionId }) => extensionId === `e${number}`)
            const user = snapshot.digestUser(DEFAULT_SITE, `${number}-${mac.slice(-4)}`)
            expect(user?.line).toBe(line)
          }
        }
        const hashes = ids.flatMap((id) => macs.map((mac) => sha256Hex(`${id}${mac}`)))
        const found = hashes.filter((hash) => snapshot.deviceByTokenHash(hash))
        expect(found.sort()).toEqual([...alive.values()].map(({ tokenHash }) => tokenHash).sort())
      }),
    )
  })
})

describe('the version', () => {
  test('is another one after every change, and the same without', () => {
    const snapshot = snapshotOf(() => undefined)
    const { content } = snapshot
    const changes = [
      () => content.putSite({ id: 's2', slug: 'b', name: 'B', revision: 1 }),
      () => content.removeSite('s2'),
      () => content.putExtension(extensionRecord('101')),
      () => content.removeExtension('e101'),
      () => content.putDevice(deviceRecord('0015650000aa', ['101'])),
      () => content.removeDevice('d0015650000aa'),
      () => content.putLayer('global', '', { revision: 1, values: new Map() }),
      () => snapshot.adopt(new SnapshotContent()),
    ]
    const seen = new Set([snapshot.version])
    for (const change of changes) {
      change()
      expect(seen.has(snapshot.version)).toBe(false)
      expect(snapshot.version).toBe(snapshot.version)
      seen.add(snapshot.version)
    }
  })
})
