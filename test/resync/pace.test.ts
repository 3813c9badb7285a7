import { expect, test } from '@jest/globals'
import { Pace } from '../../src/resync/pace.js'
import { FakeClock } from '../support/fake-clock.js'
import { settle } from '../support/fake-flow.js'

test('phones are begun evenly, so many in a second', () => {
  const clock = new FakeClock()
  const begun: number[] = []
  const pace = new Pace<number>(clock, { perSecond: 50, atOnce: 1_000 }, () => {
    begun.push(clock.now())
    return Promise.resolve()
  })
  const start = clock.now()
  for (let n = 0; n < 120; n += 1) pace.add(n)
  clock.advance(999)
  expect(begun).toHaveLength(50)
  expect(begun.slice(0, 3).map((at) => at - start)).toEqual([0, 20, 40])
  clock.advance(10_000)
  expect(begun).toHaveLength(120)
})

test('not too many are under way; one that ends makes room', async () => {
  const clock = new FakeClock()
  const ends: (() => void)[] = []
  const pace = new Pace<number>(clock, { perSecond: 1_000, atOnce: 3 }, () => new Promise((done) => ends.push(done)))
  for (let n = 0; n < 5; n += 1) pace.add(n)
  clock.advance(1_000)
  expect([ends.length, pace.size]).toEqual([3, 5])
  ends[0]?.()
  await settle()
  expect([ends.length, pace.size]).toEqual([4, 4])
})

test('stopped, it begins nothing more and leaves no timer', () => {
  const clock = new FakeClock()
  let begun = 0
  const pace = new Pace<number>(clock, { perSecond: 50, atOnce: 10 }, () => {
    begun += 1
    return new Promise(() => undefined)
  })
  for (let n = 0; n < 5; n += 1) pace.add(n)
  pace.stop()
  clock.advance(1_000)
  expect([begun, clock.pending]).toEqual([1, 0])
})
