import { expect, test } from '@jest/globals'
import { Every } from '../../src/domain/every.js'
import { FakeClock } from '../support/fake-clock.js'

test('it is time once in a while, not before and not twice', () => {
  const clock = new FakeClock()
  const every = new Every(clock, 1_000)
  expect(every.isDue()).toBe(false)
  clock.advance(999)
  expect(every.isDue()).toBe(false)
  clock.advance(1)
  expect([every.isDue(), every.isDue()]).toEqual([true, false])
  clock.advance(5_000)
  expect([every.isDue(), every.isDue()]).toEqual([true, false])
})

test('a clock that is set back a year holds nothing up', () => {
  const clock = new FakeClock()
  const every = new Every(clock, 1_000)
  clock.jump(-365 * 86_400_000)
  expect([every.isDue(), every.isDue()]).toEqual([true, false])
  clock.advance(1_000)
  expect(every.isDue()).toBe(true)
})
