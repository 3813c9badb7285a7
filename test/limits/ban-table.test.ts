import { describe, expect, test } from '@jest/globals'
import { nextBan, type Ban, type NewBan } from '../../src/limits/ban.js'
import { BanTable } from '../../src/limits/ban-table.js'

const NOW = 1_750_000_000_000
const MINUTE = 60_000
const LENGTH = { firstMs: 10 * MINUTE, mostMs: 24 * 60 * MINUTE, forgetMs: 24 * 60 * MINUTE }
const NEW: NewBan = { who: '192.0.2.7', scope: 'all', username: '', kind: 'unknown-phone', evidence: '/x', count: 100 }

const ban = (changes: Partial<Ban>): Ban => ({ ...NEW, times: 1, since: NOW, until: NOW + 10 * MINUTE, ...changes })

describe('how long a ban is', () => {
  test('10 minutes, doubled each time the source comes back, at most a day', () => {
    const lengths: number[] = []
    let previous: Ban | undefined
    let now = NOW
    for (let i = 0; i < 10; i += 1) {
      previous = nextBan(NEW, previous, LENGTH, now)
      lengths.push((previous.until - previous.since) / MINUTE)
      now = previous.until + MINUTE
    }
    expect(lengths).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440])
  })

  test('a source that kept quiet for a day begins anew', () => {
    const previous = ban({ times: 5 })
    expect(nextBan(NEW, previous, LENGTH, previous.until + LENGTH.forgetMs)).toMatchObject({ times: 1 })
    expect(nextBan(NEW, previous, LENGTH, previous.until + LENGTH.forgetMs - 1)).toMatchObject({ times: 6 })
  })
})

describe('the table of bans', () => {
  test('covers the address, its /64, and the network, until the time is over', () => {
    const table = new BanTable(10)
    expect(table.covering('192.0.2.7', 'all', NOW)).toBeUndefined()
    table.put(ban({}))
    table.put(ban({ who: '198.51.100.0/24' }))
    table.put(ban({ who: '2001:db8::/64' }))
    const covered = ['192.0.2.7', '192.0.2.8', '198.51.100.9', '2001:db8::1:2', '2001:db8:0:1::1'].map(
      (address) => table.covering(address, 'all', NOW) !== undefined,
    )
    expect(covered).toEqual([true, false, true, true, false])
    expect(table.covering('192.0.2.7', 'all', NOW + 10 * MINUTE)).toBeUndefined()
  })

  test('a ban of one protocol and one of a user cover nothing else', () => {
    const table = new BanTable(10)
    table.put(ban({ scope: 'tftp' }))
    table.put(ban({ username: '101' }))
    expect(table.covering('192.0.2.7', 'all', NOW)).toBeUndefined()
    expect(table.covering('192.0.2.7', 'sip', NOW)).toBeUndefined()
    expect(table.covering('192.0.2.7', 'tftp', NOW)).toBeDefined()
    expect(table.ofUser('192.0.2.7', '101', NOW)).toBeDefined()
    expect(table.ofUser('192.0.2.7', '102', NOW)).toBeUndefined()
  })

  test('stays small, and a flood of forged sources pushes out none that is proven', () => {
    const table = new BanTable(100)
    table.put(ban({ who: '203.0.113.1' }))
    for (let i = 0; i < 10_000; i += 1) table.put(ban({ who: `10.0.${i >> 8}.${i & 255}`, scope: 'sip' }))
    expect(table.size).toBe(101)
    expect(table.covering('203.0.113.1', 'all', NOW)).toBeDefined()
  })

  test('what is long over is forgotten', () => {
    const table = new BanTable(10)
    table.put(ban({}))
    table.sweep(NOW + 20 * MINUTE, LENGTH.forgetMs)
    expect(table.size).toBe(1)
    table.sweep(NOW + 10 * MINUTE + LENGTH.forgetMs, LENGTH.forgetMs)
    expect(table.size).toBe(0)
  })
})
