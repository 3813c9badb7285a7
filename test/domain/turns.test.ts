import { expect, test } from '@jest/globals'
import { filterInTurns, inTurns, takeTurns } from '../../src/domain/turns.js'
import { CountedTurns } from '../support/counted-turns.js'
import { FakeClock } from '../support/fake-clock.js'

test('long work goes on for its time, and then lets others have a turn', async () => {
  const clock = new FakeClock()
  let pauses = 0
  const turns = takeTurns(clock, () => Promise.resolve(void (pauses += 1)), 5)
  expect(turns()).toBeUndefined()
  clock.advance(4)
  expect(turns()).toBeUndefined()
  clock.advance(1)
  await turns()
  expect([pauses, turns()]).toEqual([1, undefined])
})

test('others have their turn before the first and after each twenty items that are looked at', async () => {
  const turns = new CountedTurns()
  const waited: number[] = []
  const all = Array.from({ length: 50 }, (_, n) => n)
  const even = await filterInTurns(all, turns.next, (one) => {
    waited[one] = turns.waited
    return one % 2 === 0
  })
  expect(even).toEqual(all.filter((one) => one % 2 === 0))
  expect([waited[0], waited[19], waited[20], waited[39], waited[40], waited[49]]).toEqual([1, 1, 2, 2, 3, 3])
})

test('what has just begun goes on at once: the first items are used before anything else may happen', () => {
  const used: number[] = []
  const turns = takeTurns(new FakeClock(), () => Promise.resolve(), 2)
  void inTurns([1, 2, 3], turns, (one) => used.push(one))
  expect(used).toEqual([1, 2, 3])
})
