import { expect, test } from '@jest/globals'
import { SILENT_LOG } from '../../src/observe/log.js'
import { BindingTable } from '../../src/registrar/binding-table.js'
import { Registrar } from '../../src/registrar/edge/registrar.js'
import { NonceCounts } from '../../src/registrar/nonce.js'
import type { BindingStore } from '../../src/registrar/store.js'
import { headerValue, headerValues } from '../../src/sip/message.js'
import { ServerTransactions } from '../../src/sip/transaction/table.js'
import { FakeClock } from '../support/fake-clock.js'
import { deliver, FakeFlow, settle } from '../support/fake-flow.js'
import { MemoryAccounts } from '../support/memory-accounts.js'
import { MemoryBindingStore } from '../support/memory-binding-store.js'
import { seededRandom } from '../support/seeded-random.js'
import { authorizationFor, registerText } from '../support/sip-requests.js'

const NOW = 1_750_000_000_000
const YEAR_MS = 365 * 86_400_000

const MAX_EXPIRES_MS = 7_200_000

/** A registrar that begins at some date, and a phone that registers for five minutes. */
class Office {
  readonly clock: FakeClock
  readonly errors: unknown[] = []
  readonly registrar: Registrar
  readonly #accounts = new MemoryAccounts([{ username: '101', password: 'p', number: '101' }])
  #cseq = 0

  constructor(store: BindingStore, startMs: number) {
    this.clock = new FakeClock(startMs)
    this.registrar = new Registrar({
      ...{ clock: this.clock, steadyClock: this.clock.steady, random: seededRandom(), store },
      ...{ accounts: this.#accounts, sites: this.#accounts, ownHosts: () => ['example.com'] },
      log: { ...SILENT_LOG, error: (fields) => void this.errors.push(fields) },
    })
  }

  static async open(store: BindingStore = new MemoryBindingStore(), startMs = NOW): Promise<Office> {
    const office = new Office(store, startMs)
    await office.registrar.start()
    return office
  }

  /** The final answer: status, and the date that the phone is told. */
  async register(): Promise<{ status: number; date: number }> {
    const challenges = headerValues((await this.#ask()).answer, 'WWW-Authenticate')
    const { answer } = await this.#ask(authorizationFor(challenges, '101', 'p'))
    return { status: answer.status, date: Date.parse(headerValue(answer, 'Date') ?? '') }
  }

  async #ask(authorization?: string): Promise<FakeFlow> {
    const flow = new FakeFlow()
    this.#cseq += 1
    const parts = { cseq: this.#cseq, contact: '<sip:101@10.0.0.7:5062>', expires: 300 }
    await deliver(this.registrar, registerText(authorization === undefined ? parts : { ...parts, authorization }), flow)
    return flow
  }
}

test('a clock that jumps a year and back: bindings stay and end in their time, phones register, no timer is left', async () => {
  const office = await Office.open()
  const { clock, registrar } = office
  expect(await office.register()).toEqual({ status: 200, date: NOW })
  for (const jump of [YEAR_MS, -YEAR_MS, -YEAR_MS, YEAR_MS]) {
    clock.jump(jump)
    clock.advance(31_000)
    expect(registrar.bindings()).toHaveLength(1)
    expect(await office.register()).toEqual({ status: 200, date: clock.now() })
    clock.advance(200_000)
    expect(registrar.bindings()).toHaveLength(1)
  }
  clock.advance(102_000)
  expect(registrar.bindings()).toEqual([])
  await registrar.stop()
  expect(clock.pending).toBe(0)
  expect(office.errors).toEqual([])
})

test('what is stored after a jump carries the new date, so that a restart finds it valid', async () => {
  const store = new MemoryBindingStore()
  const office = await Office.open(store)
  office.clock.jump(YEAR_MS)
  await office.register()
  await office.registrar.stop()
  expect(await store.load()).toMatchObject([{ expiresAt: NOW + YEAR_MS + 300_000 }])
  const after = await Office.open(store, NOW + YEAR_MS)
  expect(after.registrar.bindings()).toHaveLength(1)
  after.clock.advance(301_000)
  await settle()
  after.clock.advance(30_000)
  await after.registrar.stop()
  expect(await store.load()).toEqual([])
})

test('a start with a date a year ahead removes nothing from disk before it could have expired by any date', async () => {
  const store = new MemoryBindingStore()
  const office = await Office.open(store)
  await office.register()
  await office.registrar.stop()
  const ahead = await Office.open(store, NOW + YEAR_MS)
  expect(ahead.registrar.bindings()).toEqual([])
  ahead.clock.advance(MAX_EXPIRES_MS - 1_000)
  expect(await store.load()).toHaveLength(1)
  const right = await Office.open(store, NOW + 1_000)
  expect(right.registrar.bindings()).toHaveLength(1)
  await settle()
  ahead.clock.advance(32_000)
  await ahead.registrar.stop()
  expect(await store.load()).toEqual([])
  await right.registrar.stop()
})

test('a binding that was stored with a date a year ahead lasts no longer than any may', async () => {
  const store = new MemoryBindingStore()
  const office = await Office.open(store, NOW + YEAR_MS)
  await office.register()
  await office.registrar.stop()
  const { clock, registrar } = await Office.open(store)
  expect(registrar.bindings()).toMatchObject([{ expiresAt: NOW + MAX_EXPIRES_MS }])
  clock.advance(MAX_EXPIRES_MS + 1_000)
  expect(registrar.bindings()).toEqual([])
  await registrar.stop()
})

test('a binding saved right after the clock went back a year ends in its time', () => {
  const table = new BindingTable()
  const at = 1_750_000_000_000
  table.expire(at + YEAR_MS)
  const binding = {
    ...{ aor: '101@x', bindingKey: 'k', extensionId: 'e', contactUri: 'sip:101@10.0.0.7', received: '10.0.0.7:5062' },
    ...{ transport: 'udp' as const, path: [], q: 1, callId: 'c', cseq: 1, registeredAt: at, expiresAt: at + 300_000 },
  }
  table.apply([{ kind: 'save', event: 'registered', binding }])
  expect(table.expire(at + 1_000)).toEqual([])
  expect(table.expire(at + 300_000)).toEqual([{ kind: 'remove', reason: 'expired', binding }])
  expect(table.size).toBe(0)
})

test('nonces of a clock that was ahead do not void those that are issued after it was put right', () => {
  const counts = new NonceCounts(3, 300)
  for (let n = 0; n < 3; n += 1) expect(counts.use(n, YEAR_MS + n, 1, YEAR_MS + n)).toBe(true)
  for (let n = 0; n < 10; n += 1) expect(counts.use(100 + n, 1_000 + n, 1, 1_000 + n)).toBe(true)
})

test('an answered transaction is forgotten in its time although the clock went back a year', () => {
  const clock = new FakeClock()
  const transactions = new ServerTransactions(clock, 10)
  transactions.begin('key', false)
  transactions.respond('key', 'answer')
  clock.jump(-YEAR_MS)
  transactions.begin('another', false)
  transactions.respond('another', 'answer')
  clock.advance(65_000)
  expect(transactions.size).toBe(0)
  expect(clock.pending).toBe(0)
})
