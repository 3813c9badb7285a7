import { afterEach, describe, expect, test } from '@jest/globals'
import type { Ban } from '../../../src/limits/ban.js'
import { Limits, type LimitsOptions } from '../../../src/limits/edge/limits.js'
import type { Offence } from '../../../src/limits/offence.js'
import { FakeClock } from '../../support/fake-clock.js'
import { settle } from '../../support/fake-flow.js'
import { MemoryBanStore } from '../../support/memory-ban-store.js'
import { recordingLog } from '../../support/recording-log.js'

const ADDRESS = '192.0.2.7'
const MINUTE = 60_000
let opened: { limits: Limits; clock: FakeClock }[] = []
afterEach(async () => {
  const all = opened
  opened = []
  for (const { limits } of all) await limits.stop()
  for (const { clock } of all) expect(clock.pending).toBe(0)
})

async function open(options: Partial<LimitsOptions> = {}): Promise<{
  limits: Limits
  clock: FakeClock
  store: MemoryBanStore
  bans: Ban[]
  log: ReturnType<typeof recordingLog>
}> {
  const clock = new FakeClock()
  const store = new MemoryBanStore()
  const log = recordingLog()
  const none = { isExempt: () => false, atHome: () => 0, liveEndpoints: () => new Set<string>() }
  const limits = await Limits.open({ clock, log, store, ...none, ...options })
  const bans: Ban[] = []
  limits.onBan((ban) => bans.push(ban))
  opened.push({ limits, clock: (options.clock as FakeClock | undefined) ?? clock })
  return { limits, clock, store, bans, log }
}

const sweep = (n: number, changes: Partial<Offence> = {}): Offence => ({
  ...{ kind: 'unknown-phone', address: ADDRESS, protocol: 'http', proven: true },
  ...{ sameAs: `mac ${n}`, evidence: `/${n}.cfg` },
  ...changes,
})

async function sweepAll(limits: Limits, count: number, changes: Partial<Offence> = {}): Promise<void> {
  for (let n = 0; n < count; n += 1) limits.note(sweep(n, changes))
  await settle()
}

describe('a sweep', () => {
  test('of 100 phones bans the address everywhere, with reason, evidence and count', async () => {
    const { limits, bans, log } = await open()
    await sweepAll(limits, 99)
    expect(limits.refuses(ADDRESS, 'http')).toBe(false)
    await sweepAll(limits, 100)
    expect(limits.refuses(ADDRESS, 'http')).toBe(true)
    expect(limits.refuses(ADDRESS, 'tftp')).toBe(true)
    expect(limits.refusesSip({ address: ADDRESS, port: 5060 })).toBe(true)
    expect(bans).toMatchObject([{ who: ADDRESS, scope: 'all', kind: 'unknown-phone', evidence: '/99.cfg', count: 100 }])
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('the same phone asking again and again counts once', async () => {
    const { limits, bans } = await open()
    for (let i = 0; i < 1_000; i += 1) limits.note(sweep(1))
    await settle()
    expect(bans).toEqual([])
  })

  test('phones at home there raise the limit by one each', async () => {
    const { limits, bans } = await open({ atHome: (covers) => (covers(ADDRESS) ? 300 : 0) })
    await sweepAll(limits, 399)
    expect(bans).toEqual([])
    await sweepAll(limits, 400)
    expect(bans).toHaveLength(1)
  })

  test('from all over a /24 bans the network', async () => {
    const { limits, bans } = await open()
    for (let host = 0; host < 20; host += 1) await sweepAll(limits, 50, { address: `192.0.2.${host}` })
    expect(bans).toMatchObject([{ who: '192.0.2.0/24', count: 1000 }])
    expect(limits.refuses('192.0.2.200', 'http')).toBe(true)
    expect(limits.refuses('192.0.3.1', 'http')).toBe(false)
  })

  test('from anywhere in a /64 counts as one source', async () => {
    const { limits } = await open()
    for (let n = 0; n < 100; n += 1) limits.note(sweep(n, { address: `2001:db8::${n.toString(16)}:1` }))
    await settle()
    expect(limits.refuses('2001:db8::ffff', 'http')).toBe(true)
    expect(limits.refuses('2001:db8:0:1::1', 'http')).toBe(false)
  })

  test('from an exempt network never counts', async () => {
    const { limits, bans } = await open({ isExempt: (address) => address === ADDRESS })
    await sweepAll(limits, 500)
    expect(bans).toEqual([])
  })

  test('by TFTP, whose source may be forged, silences TFTP alone, for a minute', async () => {
    const { limits, clock, bans } = await open()
    await sweepAll(limits, 100, { protocol: 'tftp', proven: false })
    expect(bans).toMatchObject([{ scope: 'tftp', until: clock.now() + MINUTE }])
    expect(limits.refuses(ADDRESS, 'tftp')).toBe(true)
    expect(limits.refuses(ADDRESS, 'http')).toBe(false)
    expect(limits.refusesSip({ address: ADDRESS, port: 5060 })).toBe(false)
  })

  test('ten attempts to climb out of the folder are enough', async () => {
    const { limits, bans } = await open()
    for (let i = 0; i < 10; i += 1) limits.note(sweep(i, { kind: 'hostile-path' }))
    await settle()
    expect(bans).toHaveLength(1)
  })
})

describe('a ban', () => {
  test('doubles when the source comes back', async () => {
    const { limits, clock, bans } = await open()
    await sweepAll(limits, 100)
    clock.advance(10 * MINUTE)
    expect(limits.refuses(ADDRESS, 'http')).toBe(false)
    for (let n = 0; n < 100; n += 1) limits.note(sweep(n, { sameAs: `other ${n}` }))
    await settle()
    expect(bans.map(({ since, until, times }) => [(until - since) / MINUTE, times])).toEqual([
      [10, 1],
      [20, 2],
    ])
  })

  test('survives a restart, and the time that was left stays', async () => {
    const first = await open()
    await sweepAll(first.limits, 100)
    first.clock.advance(300)
    await settle()
    const second = await open({ store: first.store, clock: first.clock })
    expect(second.limits.refuses(ADDRESS, 'http')).toBe(true)
    first.clock.advance(10 * MINUTE)
    expect(second.limits.refuses(ADDRESS, 'http')).toBe(false)
  })

  test('lasts no year when the clock goes back one, and the source can be banned again', async () => {
    const YEAR_MS = 365 * 24 * 60 * MINUTE
    const { limits, clock, store, bans } = await open()
    clock.jump(YEAR_MS)
    await sweepAll(limits, 100)
    clock.jump(-1_000)
    expect(limits.refuses(ADDRESS, 'http')).toBe(true)
    clock.jump(-YEAR_MS)
    expect(limits.refuses(ADDRESS, 'http')).toBe(false)
    for (let n = 0; n < 100; n += 1) limits.note(sweep(n, { sameAs: `other ${n}` }))
    await settle()
    expect(limits.refuses(ADDRESS, 'http')).toBe(true)
    expect(bans.at(-1)).toMatchObject({ until: clock.now() + 20 * MINUTE })
    clock.advance(20 * MINUTE)
    expect(limits.refuses(ADDRESS, 'http')).toBe(false)
    // Nor does one that was written down with that date.
    clock.jump(YEAR_MS)
    for (let n = 0; n < 100; n += 1) limits.note(sweep(n, { sameAs: `third ${n}` }))
    await settle()
    expect(limits.refuses(ADDRESS, 'http')).toBe(true)
    clock.advance(300)
    await settle()
    clock.jump(-YEAR_MS)
    const restarted = await open({ store, clock })
    expect(restarted.limits.refuses(ADDRESS, 'http')).toBe(false)
  })

  test('lifted by a command ends within a second, and the source begins anew', async () => {
    const { limits, clock, store, bans } = await open()
    await sweepAll(limits, 100)
    clock.advance(500)
    await settle()
    const [[key, row]] = [...store.rows] as [[string, Ban]]
    store.rows.set(key, { ...row, liftedAt: clock.now(), liftedBy: 'cli:anna' } as Ban)
    clock.advance(1_000)
    await settle()
    expect(limits.refuses(ADDRESS, 'http')).toBe(false)
    await sweepAll(limits, 99)
    expect(bans).toHaveLength(1)
  })

  test('hears registrations that live there, from where they registered', async () => {
    const { limits } = await open({ liveEndpoints: () => new Set([`${ADDRESS}:5062`]) })
    await sweepAll(limits, 100)
    expect(limits.refusesSip({ address: ADDRESS, port: 5062 })).toBe(false)
    expect(limits.refusesSip({ address: ADDRESS, port: 5063 })).toBe(true)
  })

  test('holds while the database does not take it', async () => {
    const store = new MemoryBanStore()
    store.save = () => Promise.reject(new Error('gone'))
    const { limits, clock, log } = await open({ store })
    await sweepAll(limits, 100)
    clock.advance(1_000)
    await settle()
    expect(limits.refuses(ADDRESS, 'http')).toBe(true)
    expect(log.lines.at(-1)).toMatchObject({ message: expect.stringMatching(/bans wait/) })
  })
})

describe('wrong passwords', () => {
  const wrong = (limits: Limits, n: number, changes = {}): void =>
    limits.wrongPassword({ username: '101', address: ADDRESS, proven: true, guess: `digest ${n}`, ...changes })

  test('ten for one user bar that user at that address, nobody else and nowhere else', async () => {
    const { limits, bans } = await open()
    for (let n = 0; n < 10; n += 1) wrong(limits, n)
    await settle()
    expect(bans).toMatchObject([{ who: ADDRESS, username: '101', kind: 'wrong-password', count: 10 }])
    expect(limits.mayTry('101', ADDRESS)).toBe(false)
    expect(limits.mayTry('102', ADDRESS)).toBe(true)
    expect(limits.mayTry('101', '192.0.2.8')).toBe(true)
    expect(limits.refusesSip({ address: ADDRESS, port: 1 })).toBe(false)
  })

  test('the same packet again is not another guess, and a forged source is none', async () => {
    const { limits, bans } = await open()
    for (let n = 0; n < 50; n += 1) {
      wrong(limits, 1)
      wrong(limits, n, { proven: false })
    }
    await settle()
    expect(bans).toEqual([])
  })

  test('for twenty users from one address ban the address', async () => {
    const { limits, bans } = await open()
    for (let n = 0; n < 20; n += 1) wrong(limits, n, { username: `${200 + n}` })
    await settle()
    expect(bans).toMatchObject([{ who: ADDRESS, username: '', scope: 'all', kind: 'failing-users', count: 20 }])
  })

  test('for one user from many addresses raise an alarm and slow down, and lock nobody', async () => {
    const { limits, bans } = await open()
    for (let n = 0; n < 100; n += 1) wrong(limits, n, { address: `10.${n}.0.1` })
    await settle()
    expect(bans).toMatchObject([{ who: 'everywhere', username: '101', kind: 'attacked-user' }])
    expect(limits.mayTry('101', '10.200.0.1')).toBe(true)
    for (let n = 0; n < 2; n += 1) wrong(limits, 1_000 + n, { address: '10.200.0.1' })
    await settle()
    expect(limits.mayTry('101', '10.200.0.1')).toBe(false)
    expect(limits.mayTry('101', '10.201.0.1')).toBe(true)
  })
})

describe('SIP requests without a password', () => {
  async function answers(limits: Limits, count: number, address = ADDRESS): Promise<Record<string, number>> {
    const told: Record<string, number> = {}
    for (let i = 0; i < count; i += 1) {
      const answer = limits.strangerAnswer(address)
      told[answer] = (told[answer] ?? 0) + 1
      // Each datagram is an event of its own.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return told
  }

  test('get 10 full answers, 30 short ones, then silence', async () => {
    const { limits, bans } = await open()
    expect(await answers(limits, 100)).toEqual({ full: 10, short: 30, silent: 60 })
    expect(bans).toMatchObject([{ scope: 'sip', kind: 'no-password' }])
  })

  test('from an address where a phone proved itself are all answered: 5,000 phones behind one NAT', async () => {
    const { limits, bans } = await open()
    expect(await answers(limits, 60)).toMatchObject({ silent: 20 })
    limits.vouch(ADDRESS)
    for (let i = 0; i < 15_000; i += 1) expect(limits.strangerAnswer(ADDRESS)).toBe('full')
    expect(bans).toHaveLength(1)
  })
})

test('a flood of forged sources leaves memory flat', async () => {
  const { limits } = await open()
  const flood = async (from: number, count: number): Promise<void> => {
    for (let i = from; i < from + count; i += 1) {
      const address = `${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.9`
      limits.strangerAnswer(address)
      limits.note(sweep(i, { address, protocol: 'tftp', proven: false, kind: 'scanner' }))
      if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await flood(0, 60_000)
  const full = limits.remembered
  await flood(60_000, 60_000)
  expect(limits.remembered).toBeLessThanOrEqual(full + 1_000)
  expect(limits.remembered).toBeLessThan(150_000)
  // 120,000 sources, on a busy machine.
}, 300_000)
