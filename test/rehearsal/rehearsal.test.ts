import { beforeEach, describe, expect, test } from '@jest/globals'
import { SILENT_LOG } from '../../src/observe/log.js'
import {
  MOST_BOOTS,
  MOST_CPU_MS,
  MOST_HEARD,
  MOST_MS,
  QUIET_MS,
  Rehearsal,
  SIDE_BY_SIDE,
  type Turn,
} from '../../src/rehearsal/rehearsal.js'
import { FakeClock } from '../support/fake-clock.js'

let clock: FakeClock
let cpuMs: number
let steps: number
/** Stages; the first one is closed before anybody boots there. */
let closed: number
/** What V8 was told, in order. */
let told: string[]
let rehearsal: Rehearsal

beforeEach(() => {
  clock = new FakeClock()
  ;[cpuMs, steps, closed, told] = [1_000, 0, 0, []]
  /** A phone of two steps, each of a millisecond. */
  const boot = async (turn: Turn) => {
    for (let step = 0; step < 2; step += 1) {
      if (!(await turn())) return { files: 0, isRegistered: false }
      steps += 1
      cpuMs += 1
    }
    return { files: 1, isRegistered: true }
  }
  const close = () => Promise.resolve(void (closed += 1))
  rehearsal = new Rehearsal({
    ...{ clock, log: SILENT_LOG, cpuMs: () => cpuMs, optimise: (when) => told.push(when) },
    collectGarbage: () => void told.push('collected'),
    open: () => Promise.resolve({ boot, close }),
  })
})

/** Lets time pass, millisecond by millisecond, with all that waits for a promise between two of them. */
async function pass(ms: number): Promise<void> {
  for (let n = 0; n < ms; n += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(1)
  }
  await new Promise((resolve) => setImmediate(resolve))
}

test('made-up phones boot side by side, a step of each in a turn of the thread, so many and no more; then the stage is closed', async () => {
  void rehearsal.run()
  await pass(50)
  expect(steps).toBeGreaterThan(10)
  expect(steps).toBeLessThanOrEqual(50 * SIDE_BY_SIDE)
  expect(told).toEqual(['early', 'collected'])
  await pass(2 * MOST_BOOTS)
  expect(steps).toBe(2 * MOST_BOOTS)
  expect(closed).toBe(2)
  expect(told).toEqual(['early', 'collected', 'late'])
  expect(clock.pending).toBe(0)
})

describe('real phones', () => {
  test('are given way at once: no step until they have been quiet for a while, and V8 optimises late again', async () => {
    void rehearsal.run()
    await pass(20)
    rehearsal.phoneCame()
    expect(told).toEqual(['early', 'collected', 'late'])
    const before = steps
    await pass(QUIET_MS - 5)
    // Steps that had their turn already may end.
    expect(steps - before).toBeLessThanOrEqual(SIDE_BY_SIDE)
    rehearsal.phoneCame()
    await pass(QUIET_MS - 5)
    expect(steps - before).toBeLessThanOrEqual(SIDE_BY_SIDE)
    await pass(2 * QUIET_MS)
    expect(steps - before).toBeGreaterThan(10)
    expect(told).toEqual(['early', 'collected', 'late', 'early'])
  })

  test('that come in numbers end it for good', async () => {
    void rehearsal.run()
    await pass(20)
    for (let n = 0; n < MOST_HEARD; n += 1) rehearsal.phoneCame()
    const before = steps
    await pass(3 * QUIET_MS)
    expect(steps - before).toBeLessThanOrEqual(SIDE_BY_SIDE)
    expect(closed).toBe(2)
    expect(clock.pending).toBe(0)
  })
})

test('it takes no more processor time than it may', async () => {
  void rehearsal.run()
  await pass(20)
  cpuMs += MOST_CPU_MS
  await pass(10)
  expect(steps).toBeLessThanOrEqual(20 * SIDE_BY_SIDE)
  expect(closed).toBe(2)
  expect(told).toEqual(['early', 'collected', 'late'])
})

test('it ends in time on a machine that is busy', async () => {
  void rehearsal.run()
  await pass(20)
  clock.advance(MOST_MS)
  await pass(10)
  expect(closed).toBe(2)
})

test('a server that stops ends it, and waits until its stage is closed', async () => {
  void rehearsal.run()
  await pass(20)
  const stopped = rehearsal.stop()
  await pass(5)
  await stopped
  expect(closed).toBe(2)
  expect(told.at(-1)).toBe('late')
  expect(clock.pending).toBe(0)
})

test('without a stage there is no rehearsal, and nothing is left', async () => {
  const none = new Rehearsal({
    ...{ clock, log: SILENT_LOG, cpuMs: () => cpuMs, optimise: (when) => told.push(when) },
    collectGarbage: () => void told.push('collected'),
    open: () => Promise.reject(new Error('no loopback interface')),
  })
  const run = none.run()
  await pass(5)
  await run
  expect(told.at(-1)).toBe('late')
  expect(clock.pending).toBe(0)
})
