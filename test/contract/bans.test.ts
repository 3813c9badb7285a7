import { afterEach, expect, test } from '@jest/globals'
import type { Ban } from '../../src/limits/ban.js'
import { KnexBanStore } from '../../src/limits/edge/knex-ban-store.js'
import { Limits } from '../../src/limits/edge/limits.js'
import { describeOverDatabases } from '../support/databases.js'
import { FakeClock } from '../support/fake-clock.js'
import { settle } from '../support/fake-flow.js'
import { recordingLog } from '../support/recording-log.js'

const ADDRESS = '192.0.2.7'
const MINUTE = 60_000

describeOverDatabases('bans', (fresh) => {
  const store = (): KnexBanStore => new KnexBanStore(fresh().databases.events)
  afterEach(async () => {
    await fresh().databases.events('bans').delete()
  })

  const ban = (changes: Partial<Ban> = {}): Ban => ({
    ...{ who: ADDRESS, scope: 'all', username: '', kind: 'unknown-phone', evidence: '/1.cfg', count: 100, times: 1 },
    ...{ since: 1_750_000_000_000, until: 1_750_000_600_000 },
    ...changes,
  })

  /** Limits over this database, as each server has them. */
  async function openLimits(clock = new FakeClock()): Promise<{ limits: Limits; clock: FakeClock }> {
    const none = { isExempt: () => false, atHome: () => 0, liveEndpoints: () => new Set<string>() }
    return { limits: await Limits.open({ clock, log: recordingLog(), store: store(), ...none }), clock }
  }

  async function sweep(limits: Limits): Promise<void> {
    for (let n = 0; n < 100; n += 1) {
      const evidence = `/${n}.cfg`
      limits.note({
        kind: 'unknown-phone',
        address: ADDRESS,
        protocol: 'http',
        proven: true,
        sameAs: evidence,
        evidence,
      })
    }
    await settle()
  }

  test('are read as they were written, the newest first', async () => {
    const old = ban({ who: '2001:db8::/64', scope: 'sip', kind: 'no-password', since: 1, until: 2_000 })
    const guess = ban({ username: '101', kind: 'wrong-password', since: 2_000_000_000_000, until: 2_000_000_060_000 })
    await store().save([old, ban(), guess])
    expect(await store().load(0, 10)).toEqual([guess, ban(), old])
    expect(await store().load(2_000, 1)).toEqual([guess])
    expect(await store().load(2_000, 10)).toEqual([guess, ban()])
  })

  test('a source that is banned again has one row, and is not lifted any more', async () => {
    await store().save([ban()])
    await store().lift(ADDRESS, 'cli:anna', 1_750_000_000_500)
    const again = ban({ times: 2, since: 1_750_000_001_000, until: 1_750_001_201_000, evidence: '/2.cfg' })
    await store().save([again])
    expect(await store().load(0, 10)).toEqual([again])
    expect(await store().lifted(0)).toEqual([])
  })

  test('hostile text is kept without what PostgreSQL cannot hold', async () => {
    const evidence = `/\0..%2f\ud800'"; drop table bans; --\u{1f4de}\n${'x'.repeat(500)}`
    await store().save([ban({ evidence, username: 'ü\0é' })])
    const [kept] = await store().load(0, 10)
    expect(kept).toMatchObject({ username: 'üé' })
    expect(kept?.evidence).toMatch(/^\/\.\.%2f\ufffd'"; drop table bans; --\u{1f4de}\nx+$/u)
    expect(kept?.evidence.length).toBeLessThanOrEqual(200)
  })

  test('an address lifts its own ban and that of its network, not others, and only while in force', async () => {
    const network = ban({ who: '192.0.2.0/24', kind: 'failing-users' })
    const other = ban({ who: '192.0.3.7' })
    const over = ban({ scope: 'tftp', until: 1_750_000_000_100 })
    await store().save([ban(), network, other, over])
    const now = 1_750_000_000_200
    const lifted = await store().lift(ADDRESS, 'cli:anna', now)
    expect(lifted.map(({ who, scope }) => `${who} ${scope}`).sort()).toEqual(['192.0.2.0/24 all', `${ADDRESS} all`])
    expect(lifted[0]).toMatchObject({ liftedAt: now, liftedBy: 'cli:anna' })
    expect(await store().lifted(now)).toHaveLength(2)
    expect(await store().lifted(now + 1)).toEqual([])
    expect(await store().lift(ADDRESS, 'cli:anna', now)).toEqual([])
    expect(await store().lift(undefined, 'cli:anna', now)).toMatchObject([{ who: '192.0.3.7' }])
  })

  test('old ones are removed, and all but the newest so many', async () => {
    const bans = [1, 2, 3, 4].map((n) => ban({ who: `192.0.2.${n}`, since: n * MINUTE, until: n * MINUTE + 1 }))
    await store().save(bans)
    await store().prune(2 * MINUTE, 100)
    expect((await store().load(0, 10)).map(({ who }) => who)).toEqual(['192.0.2.4', '192.0.2.3', '192.0.2.2'])
    await store().prune(0, 1)
    expect((await store().load(0, 10)).map(({ who }) => who)).toEqual(['192.0.2.4'])
  })

  test('outlive the server: the next one refuses the source from its start', async () => {
    const { limits, clock } = await openLimits()
    await sweep(limits)
    expect(limits.refuses(ADDRESS, 'http')).toBe(true)
    await limits.stop()
    const next = await openLimits(clock)
    expect(next.limits.refuses(ADDRESS, 'http')).toBe(true)
    expect(next.limits.refuses('192.0.2.8', 'http')).toBe(false)
    clock.advance(11 * MINUTE)
    expect(next.limits.refuses(ADDRESS, 'http')).toBe(false)
    await next.limits.stop()
  })

  test('a command in another process lifts one, and the server hears of it within a second', async () => {
    const { limits, clock } = await openLimits()
    await sweep(limits)
    clock.advance(300)
    await until(async () => (await store().load(0, 10)).length === 1)
    expect(await store().lift(ADDRESS, 'cli:anna', clock.now())).toHaveLength(1)
    clock.advance(1_000)
    await until(() => !limits.refuses(ADDRESS, 'http'))
    await limits.stop()
  })

  test('a wrong password is counted per user, and the ban names him', async () => {
    const { limits } = await openLimits()
    for (let n = 0; n < 10; n += 1) {
      limits.wrongPassword({ username: '101', address: ADDRESS, proven: true, guess: `guess ${n}` })
    }
    await settle()
    await limits.stop()
    expect(await store().load(0, 10)).toMatchObject([{ who: ADDRESS, username: '101', kind: 'wrong-password' }])
  })
})

/** Asks until it is so; the test's own time-out is the end of it. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
}
