import { expect, test } from '@jest/globals'
import { PatientTime } from '../../src/domain/patient-time.js'
import { FakeClock } from '../support/fake-clock.js'

const HOUR_MS = 3_600_000
const YEAR_MS = 365 * 24 * HOUR_MS

function hours(clock: FakeClock, time: PatientTime, count: number): number {
  let now = time.now()
  for (let hour = 0; hour < count; hour += 1) {
    clock.advance(HOUR_MS)
    now = time.now()
  }
  return now
}

test('nothing is old in the first six hours; after that time goes on, six hours behind', () => {
  const clock = new FakeClock()
  const start = clock.now()
  const time = new PatientTime(clock, clock.steady)
  expect(hours(clock, time, 5)).toBe(0)
  expect(hours(clock, time, 1)).toBe(start)
  expect(hours(clock, time, 100)).toBe(clock.now() - 6 * HOUR_MS)
})

test('a clock that jumps a year ahead and back makes nothing old', () => {
  const clock = new FakeClock()
  const time = new PatientTime(clock, clock.steady)
  const before = hours(clock, time, 10)
  clock.jump(YEAR_MS)
  expect(hours(clock, time, 5) - before).toBeLessThan(YEAR_MS / 2)
  clock.jump(-YEAR_MS)
  expect(hours(clock, time, 20)).toBe(clock.now() - 6 * HOUR_MS)
})

test('a machine that starts a year ahead makes nothing old when the date is put right within six hours', () => {
  const clock = new FakeClock()
  const right = clock.now()
  clock.jump(YEAR_MS)
  const time = new PatientTime(clock, clock.steady)
  hours(clock, time, 3)
  clock.jump(-YEAR_MS)
  expect(hours(clock, time, 4)).toBeLessThanOrEqual(right + 8 * HOUR_MS)
})

test('a date that stays is believed after six hours', () => {
  const clock = new FakeClock()
  const time = new PatientTime(clock, clock.steady)
  hours(clock, time, 10)
  clock.jump(YEAR_MS)
  expect(hours(clock, time, 12)).toBe(clock.now() - 6 * HOUR_MS)
})
