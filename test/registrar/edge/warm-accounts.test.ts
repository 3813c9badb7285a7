import { expect, test } from '@jest/globals'
import type { DeviceRecord, ExtensionRecord } from '../../../src/snapshot/snapshot.js'
import { WarmAccounts } from '../../../src/registrar/edge/warm-accounts.js'
import { FakeClock } from '../../support/fake-clock.js'

function bench(people: number): { warm: WarmAccounts; clock: FakeClock; asked: string[] } {
  const clock = new FakeClock()
  const asked: string[] = []
  const devices = [{ siteId: 's1', lines: [{ authUsername: 'line-1' }, { authUsername: 'revoked' }] }]
  const extensions = Array.from({ length: people }, (_, n) => ({ siteId: n === 0 ? 's2' : 's1', authUsername: `${n}` }))
  const site = { id: 's1', slug: 'main', name: 'Main', sipDomain: 'own.example', revision: 1 }
  const warm = new WarmAccounts({
    clock,
    snapshot: {
      device: (id) => (id === 'd1' ? (devices[0] as unknown as DeviceRecord) : undefined),
      extension: (id) => extensions[Number(id)] as unknown as ExtensionRecord | undefined,
      allDevices: () => devices as unknown as DeviceRecord[],
      allExtensions: () => extensions as unknown as ExtensionRecord[],
      site: (id) => ({ ...site, id, sipDomain: 'other.example' }),
    },
    accounts: {
      defaultSite: () => site,
      findDigestUser: (_site, username) =>
        username === 'revoked'
          ? undefined
          : {
              ...{ username, extensionId: 'e', number: username, passwordMark: () => '' },
              ha1: (algorithm, realm) => {
                asked.push(`${username} ${algorithm} ${realm}`)
                return ''
              },
            },
    },
  })
  return { warm, clock, asked }
}

test('everybody is worked out in slices, for both algorithms and the realm of the site', () => {
  const { warm, clock, asked } = bench(120)
  warm.start()
  expect(asked).toEqual([])
  clock.advance(5)
  expect(asked.length).toBeLessThanOrEqual(20)
  clock.advance(1_000)
  expect(asked).toHaveLength(2 * 121)
  expect(asked.slice(0, 3)).toEqual(['line-1 MD5 own.example', 'line-1 SHA-256 own.example', '0 MD5 other.example'])
  expect(clock.pending).toBe(0)
})

test('a change while it works is looked at after it; stopping leaves no timer', () => {
  const { warm, clock, asked } = bench(60)
  warm.start()
  clock.advance(5)
  warm.start()
  warm.start()
  clock.advance(1_000)
  expect(asked).toHaveLength(2 * 2 * 61)
  warm.start()
  warm.stop()
  clock.advance(1_000)
  expect(clock.pending).toBe(0)
  expect(asked).toHaveLength(2 * 2 * 61)
})

test('after a change only those who were changed are worked out again; another site means everybody', () => {
  const { warm, clock, asked } = bench(60)
  const nothing = { everything: false, sites: [], extensions: [], devices: [] }
  warm.changed(nothing)
  expect(clock.pending).toBe(0)
  warm.changed({ ...nothing, devices: ['d1', 'gone'] })
  warm.changed({ ...nothing, extensions: ['7'] })
  warm.changed({ ...nothing, extensions: ['7', '8'] })
  clock.advance(1_000)
  expect(asked.map((line) => line.split(' ')[0])).toEqual(['line-1', 'line-1', '7', '7', '8', '8'])
  expect(clock.pending).toBe(0)
  asked.length = 0
  warm.changed({ ...nothing, sites: ['s1'] })
  clock.advance(1_000)
  expect(asked).toHaveLength(2 * 61)
  asked.length = 0
  warm.changed({ ...nothing, everything: true })
  warm.changed({ ...nothing, extensions: ['7'] })
  clock.advance(1_000)
  expect(asked).toHaveLength(2 * 62)
})
