import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { wallTime } from '../../src/settings/local-time.js'
import { isOpen, nextClosed } from '../../src/settings/office-hours.js'
import { STRUCTURES, WEEKDAYS, type Holidays, type OfficeHours } from '../../src/settings/personal-rules.js'

const at = (iso: string): number => Date.parse(iso)
const BERLIN = 'Europe/Berlin'
/** 2026-03-30 is a Monday, the day after the clocks went forward. */
const HOURS: OfficeHours = {
  mon: [
    { from: '08:00', to: '12:00' },
    { from: '13:00', to: '17:00' },
  ],
  tue: [{ from: '00:00', to: '23:59' }],
  wed: [{ from: '00:00', to: '00:00' }],
}
const open = (wall: string, holidays: Holidays = []): boolean => isOpen(HOURS, holidays, at(`${wall}:00+02:00`), BERLIN)

describe('an office is open', () => {
  test.each([
    ['2026-03-30T07:59', false],
    ['2026-03-30T08:00', true],
    ['2026-03-30T11:59', true],
    ['2026-03-30T12:00', false],
    ['2026-03-30T16:59', true],
    ['2026-03-30T17:00', false],
    ['2026-03-31T00:00', true],
    ['2026-03-31T23:59', true],
    ['2026-04-01T00:00', false],
    ['2026-04-01T12:00', false],
    ['2026-04-02T12:00', false],
  ])('by the clocks of its site: %s is %s', (wall, expected) => {
    expect(open(wall)).toBe(expected)
  })

  test('on no holiday, from its first minute to its last', () => {
    const easter = [{ name: 'Easter', from: '2026-03-30', to: '2026-03-31' }]
    expect(['2026-03-30T09:00', '2026-03-31T23:59'].map((wall) => open(wall, easter))).toEqual([false, false])
    expect(open('2026-03-30T09:00', [{ name: 'One day', from: '2026-03-31' }])).toBe(true)
  })
})

describe('it closes', () => {
  const closes = (iso: string, hours = HOURS, holidays: Holidays = []): string | undefined => {
    const moment = nextClosed(hours, holidays, at(iso), BERLIN)
    return moment === undefined ? undefined : wallTime(BERLIN, moment)
  }

  test('at the end of a period; is it closed, then now', () => {
    expect(closes('2026-03-30T09:10:20+02:00')).toBe('2026-03-30T12:00')
    expect(closes('2026-03-31T23:59:59+02:00')).toBe('2026-04-01T00:00')
    expect(nextClosed(HOURS, [], at('2026-03-30T12:34:56Z'), BERLIN)).not.toBe(at('2026-03-30T12:34:56Z'))
    expect(nextClosed(HOURS, [], at('2026-04-01T12:34:56Z'), BERLIN)).toBe(at('2026-04-01T12:34:56Z'))
  })

  test('when a holiday begins, and never where nothing ends', () => {
    const always = Object.fromEntries(WEEKDAYS.map((day) => [day, [{ from: '00:00', to: '23:59' }]]))
    expect(closes('2026-03-30T09:00:00+02:00', always)).toBeUndefined()
    expect(closes('2026-03-30T09:00:00+02:00', always, [{ name: 'x', from: '2026-04-03' }])).toBe('2026-04-03T00:00')
  })

  test('when the clocks jump over its end, and as late as they say when an hour comes twice', () => {
    const sunday: OfficeHours = { sun: [{ from: '01:00', to: '02:30' }] }
    expect(closes('2026-03-29T01:30:00+01:00', sunday)).toBe('2026-03-29T03:00')
    expect(nextClosed(sunday, [], at('2026-10-25T01:30:00+02:00'), BERLIN)).toBe(at('2026-10-25T02:30:00+02:00'))
  })
})

const time = fc.integer({ min: 0, max: 1439 }).map((minute) => {
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
})
const period = fc
  .tuple(time, time)
  .filter(([a, b]) => a < b)
  .map(([from, to]) => ({ from, to }))
const hours = fc.dictionary(fc.constantFrom(...WEEKDAYS), fc.array(period, { maxLength: 3 }), { minKeys: 1 })
const zones = fc.constantFrom(BERLIN, 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Etc/UTC')
const moments = fc.integer({ min: at('2026-01-01'), max: at('2027-12-31') })
const days = fc
  .integer({ min: 0, max: 700 })
  .map((n) => new Date(at('2026-01-01') + n * 86_400_000).toISOString().slice(0, 10))
const holidays = fc.array(
  days.map((from) => ({ name: 'x', from })),
  { maxLength: 20 },
)

test('whatever the hours, days off, zone and moment: it is closed when it is said to be, and open all the time before', () => {
  fc.assert(
    fc.property(
      hours,
      holidays,
      moments,
      zones,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (week, off, from, zone, part) => {
        expect(STRUCTURES.officeHours.safeParse(week).success).toBe(true)
        const closed = nextClosed(week, off, from, zone)
        if (closed === undefined) return
        expect(isOpen(week, off, closed, zone)).toBe(false)
        if (closed === from) return
        expect(isOpen(week, off, from, zone)).toBe(true)
        expect(isOpen(week, off, closed - 1, zone)).toBe(true)
        expect(isOpen(week, off, from + Math.floor((closed - 1 - from) * part), zone)).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})
