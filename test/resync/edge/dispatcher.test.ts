import { afterEach, expect, test } from '@jest/globals'
import type { Binding } from '../../../src/domain/entities.js'
import type { Mac } from '../../../src/domain/mac-address.js'
import { ResyncDispatcher, type DispatcherOptions } from '../../../src/resync/edge/dispatcher.js'
import type { ResyncRequest, ResyncResult } from '../../../src/resync/resync.js'
import type { ResyncStore } from '../../../src/resync/store.js'
import { FakeClock } from '../../support/fake-clock.js'
import { settle } from '../../support/fake-flow.js'
import { recordingLog } from '../../support/recording-log.js'
import { deviceRecord } from '../../support/records.js'

const MAC = '001565000001' as Mac
/** A phone with two lines. */
const PHONE = deviceRecord(MAC, ['101', '102'])
const [FIRST, SECOND] = PHONE.lines.map(({ id }) => id)

const binding = (contactUri: string, part: Partial<Binding> = {}): Binding => ({
  aor: '101@example.com',
  extensionId: 'e101',
  bindingKey: contactUri,
  contactUri,
  received: '10.0.0.7:5060',
  transport: 'udp',
  path: [],
  q: 1_000,
  callId: 'c',
  cseq: 1,
  expiresAt: 9e15,
  registeredAt: 0,
  ...(FIRST === undefined ? {} : { lineId: FIRST }),
  ...part,
})

/** Wishes in memory; fails when told. */
class MemoryStore implements Pick<ResyncStore, 'pending' | 'finish' | 'prune'> {
  readonly wishes: ResyncRequest[] = []
  readonly finished = new Map<string, ResyncResult>()
  fails = false

  want(id: string, part: Partial<ResyncRequest> = {}): void {
    this.wishes.push({
      ...{ id, deviceId: PHONE.id, mac: MAC, kind: 'resync', requestedBy: 'cli:anna', requestedAt: 0 },
      ...part,
    })
  }

  pending(): Promise<ResyncRequest[]> {
    if (this.fails) return Promise.reject(new Error('gone'))
    return Promise.resolve(this.wishes.filter(({ id }) => !this.finished.has(id)))
  }

  finish(finished: Parameters<ResyncStore['finish']>[0]): Promise<void> {
    if (this.fails) return Promise.reject(new Error('gone'))
    for (const { id, result } of finished) this.finished.set(id, result)
    return Promise.resolve()
  }

  prune(): Promise<number> {
    return Promise.resolve(0)
  }
}

class Bench {
  readonly clock = new FakeClock(1_000)
  readonly store = new MemoryStore()
  readonly log = recordingLog()
  readonly sent: { to: string; event: string }[] = []
  refreshed = 0
  bindings: Binding[] = [binding('sip:a@h')]
  answer: (to: Binding) => Promise<ResyncResult> = () => Promise.resolve({ outcome: 'heard', status: 200 })
  readonly dispatcher: ResyncDispatcher

  constructor(part: Partial<DispatcherOptions> = {}) {
    this.dispatcher = new ResyncDispatcher({
      ...{ clock: this.clock, log: this.log, store: this.store as unknown as ResyncStore },
      snapshot: { device: (id) => (id === PHONE.id ? PHONE : undefined) },
      catalog: { model: () => ({ notify: { resync: 'check-sync', reboot: 'restart' } }) as never },
      refresh: () => {
        this.refreshed += 1
        return Promise.resolve()
      },
      bindings: () => this.bindings,
      send: (to, event) => {
        this.sent.push({ to: to.contactUri, event })
        return this.answer(to)
      },
      ...part,
    })
    this.dispatcher.start()
    running.push(this.dispatcher)
  }

  async pass(ms: number): Promise<void> {
    for (let rest = ms; rest > 0; rest -= 250) {
      this.clock.advance(Math.min(rest, 250))
      await settle()
    }
  }
}

const running: ResyncDispatcher[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})

test('a wish is taken up within half a second and its outcome written in the next turn', async () => {
  const bench = new Bench()
  bench.store.want('w1')
  await bench.pass(250)
  expect(bench.sent).toEqual([{ to: 'sip:a@h', event: 'check-sync' }])
  await bench.pass(250)
  expect(bench.store.finished.get('w1')).toEqual({ outcome: 'heard', status: 200 })
  // What was changed before the wish is served from now on.
  expect(bench.refreshed).toBe(1)
  await bench.pass(2_000)
  expect(bench.sent).toHaveLength(1)
})

test('the first line is asked by its newest binding, the next line only when nobody answers', async () => {
  const bench = new Bench()
  bench.bindings = [
    binding('sip:second@h', { ...(SECOND === undefined ? {} : { lineId: SECOND }), registeredAt: 30 }),
    binding('sip:old@h', { registeredAt: 10 }),
    binding('sip:softphone@h', { lineId: 'another phone', registeredAt: 40 }),
    binding('sip:new@h', { registeredAt: 20 }),
  ]
  bench.answer = ({ contactUri }) =>
    Promise.resolve(contactUri === 'sip:second@h' ? { outcome: 'refused', status: 489 } : { outcome: 'unanswered' })
  bench.store.want('w1')
  await bench.pass(500)
  expect(bench.sent.map(({ to }) => to)).toEqual(['sip:new@h', 'sip:second@h'])
  expect(bench.store.finished.get('w1')).toMatchObject({ outcome: 'refused', status: 489 })
})

test('while a phone thinks it is not asked again, and nothing of it is written', async () => {
  const bench = new Bench()
  bench.answer = () => new Promise(() => undefined)
  bench.store.want('w1', { kind: 'reboot' })
  await bench.pass(5_000)
  expect(bench.sent).toEqual([{ to: 'sip:a@h', event: 'restart' }])
  expect(bench.store.finished.size).toBe(0)
})

test('a wish that no server took up in ten minutes is let go', async () => {
  const bench = new Bench()
  bench.clock.jump(600_001)
  bench.store.want('w1', { kind: 'reboot' })
  await bench.pass(500)
  expect(bench.sent).toEqual([])
  expect(bench.store.finished.get('w1')).toMatchObject({ outcome: 'expired' })
})

test('a phone that is gone, or not registered, ends at once', async () => {
  const bench = new Bench()
  bench.bindings = []
  bench.store.want('w1')
  bench.store.want('w2', { deviceId: 'removed' })
  await bench.pass(750)
  expect([...bench.store.finished.values()].map(({ outcome }) => outcome)).toEqual(['not-registered', 'not-registered'])
})

test('a database that is gone for a while is told of once, and outcomes wait for it', async () => {
  const bench = new Bench()
  bench.store.want('w1')
  await bench.pass(250)
  bench.store.fails = true
  await bench.pass(1_000)
  bench.store.fails = false
  await bench.pass(500)
  expect(bench.sent).toHaveLength(1)
  expect(bench.store.finished.get('w1')).toMatchObject({ outcome: 'heard' })
  expect(bench.log.lines.filter(({ level }) => level !== 'debug').map(({ level }) => level)).toEqual(['warn', 'info'])
})

test('a thousand phones are begun at fifty a second', async () => {
  const bench = new Bench()
  for (let n = 0; n < 1_000; n += 1) bench.store.want(`w${n}`)
  await bench.pass(250)
  expect(bench.sent).toHaveLength(1)
  await bench.pass(10_000)
  expect(bench.sent.length).toBeGreaterThan(480)
  expect(bench.sent.length).toBeLessThanOrEqual(501)
})

test('stopping writes the outcomes there are and leaves no timer', async () => {
  const bench = new Bench()
  bench.store.want('w1')
  await bench.pass(250)
  await bench.dispatcher.stop()
  expect(bench.store.finished.get('w1')).toMatchObject({ outcome: 'heard' })
  expect(bench.clock.pending).toBe(0)
})
