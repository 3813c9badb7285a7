import { expect, test } from '@jest/globals'
import { filterInTurns, takeTurns } from '../../src/domain/turns.js'
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

test('others have their turn before each item that is looked at', async () => {
  const turns = new CountedTurns()
  const waited: number[] = []
  const even = await filterInTurns([1, 2, 3, 4], turns.next, (one) => {
    waited.push(turns.waited)
    return one % 2 === 0
  })
  expect([even, waited]).toEqual([
    [2, 4],
    [1, 2, 3, 4],
  ])
})
