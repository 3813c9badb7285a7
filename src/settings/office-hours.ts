import type { Millis } from '../domain/clock.js'
import { offsetAt, wallTime } from './local-time.js'
import { WEEKDAYS, type Holidays, type OfficeHours } from './personal-rules.js'

const MINUTE_MS = 60_000
/** Clocks of a zone are moved at full quarters of an hour only. */
const QUARTER_MS = 15 * MINUTE_MS
const DAY_MS = 86_400_000
/** An office that is open so long without a break never closes. */
const FARTHEST_MS = 14 * DAY_MS
/** In a setting the last minute of the day stands for its end. */
const END_OF_DAY = '23:59'

/**
 * Is the office open then, by the wall clocks of this IANA zone? A day that is not named is closed, as a holiday is; a
 * period holds its first minute and not its last.
 */
export function isOpen(hours: OfficeHours, holidays: Holidays, instant: Millis, zone: string): boolean {
  return isOpenAt(hours, holidays, wallTime(zone, instant))
}

/** When the office is closed next, `from` included; undefined: it does not close within two weeks. */
export function nextClosed(hours: OfficeHours, holidays: Holidays, from: Millis, zone: string): Millis | undefined {
  if (!isOpen(hours, holidays, from, zone)) return from
  const first = Math.floor(from / MINUTE_MS) * MINUTE_MS + MINUTE_MS
  let [quarter, offset] = [Number.NaN, 0]
  for (let minute = first; minute < from + FARTHEST_MS; minute += MINUTE_MS) {
    const now = Math.floor(minute / QUARTER_MS)
    if (now !== quarter) [quarter, offset] = [now, offsetAt(zone, minute)]
    if (!isOpenAt(hours, holidays, new Date(minute + offset).toISOString())) return minute
  }
  return undefined
}

/** @param wall `2026-03-31T02:30`, perhaps with more behind */
function isOpenAt(hours: OfficeHours, holidays: Holidays, wall: string): boolean {
  const [day, time] = [wall.slice(0, 10), wall.slice(11, 16)]
  if (holidays.some(({ from, to = from }) => from <= day && day <= to)) return false
  // Days of the week are counted from Sunday.
  const weekday = WEEKDAYS[(new Date(day).getUTCDay() + 6) % 7]
  const periods = weekday === undefined ? undefined : hours[weekday]
  return (periods ?? []).some(({ from, to }) => from <= time && (time < to || (to === END_OF_DAY && time === to)))
}
