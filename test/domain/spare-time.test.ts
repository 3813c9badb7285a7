import { expect, test } from '@jest/globals'
import { giveWay, SpareTime } from '../../src/domain/spare-time.js'
import { FakeClock } from '../support/fake-clock.js'

test('work waits for its delay, and for a pause in which there was little else to do', () => {
  const clock = new FakeClock()
  let isIdle = false
  let runs = 0
  new SpareTime(clock, () => () => isIdle).after(2_000, () => (runs += 1))
  clock.advance(60_000)
  expect(runs).toBe(0)
  isIdle = true
  clock.advance(200)
  expect(runs).toBe(1)
  clock.advance(60_000)
  expect([runs, clock.pending]).toEqual([1, 0])
})

test('only what happened in the pause counts, not what was before it', () => {
  const clock = new FakeClock()
  const begun: number[] = []
  const pauses = (): (() => boolean) => {
    const at = clock.now()
    begun.push(at)
    return () => clock.now() - at <= 200
  }
  let ranAt = 0
  new SpareTime(clock, pauses).after(500, () => (ranAt = clock.now()))
  clock.advance(1_000)
  expect(begun).toHaveLength(2)
  expect(ranAt).toBe((begun[0] ?? 0) + 700)
})

test('cancelling leaves no timer, also after it was put off', () => {
  const clock = new FakeClock()
  const cancel = new SpareTime(clock, () => () => false).after(10, () => {
    throw new Error('cancelled')
  })
  clock.advance(1_000)
  expect(clock.pending).toBe(1)
  cancel()
  clock.advance(1_000)
  expect(clock.pending).toBe(0)
})

test('a pause is short on an idle thread, and longer when others worked in it', async () => {
  const pauses: number[] = []
  const passed = (ms: number): Promise<void> => Promise.resolve(void pauses.push(ms))
  let isIdle = true
  const pause = giveWay(passed, () => () => isIdle, { shortMs: 1, moreMs: 3 })
  await pause()
  expect(pauses).toEqual([1])
  isIdle = false
  await pause()
  expect(pauses).toEqual([1, 1, 3])
})
