import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { momentIn, wallTime } from '../../src/settings/local-time.js'

const at = (iso: string): number => Date.parse(iso)

describe('a time by the clocks on the wall', () => {
  test.each([
    ['Europe/Berlin', '2026-01-15T03:30', '2026-01-15T02:30Z'],
    ['Europe/Berlin', '2026-07-15T03:30', '2026-07-15T01:30Z'],
    ['America/New_York', '2026-07-15T03:30', '2026-07-15T07:30Z'],
    ['Asia/Kolkata', '2026-07-15 03:30', '2026-07-14T22:00Z'],
    ['Etc/UTC', '2026-07-15T03:30:15', '2026-07-15T03:30:15Z'],
  ])('%s %s is %s', (zone, text, iso) => {
    expect(momentIn(zone, text)).toBe(at(iso))
  })

  test('a time that comes twice is the first, one that is skipped comes after the jump', () => {
    expect(momentIn('Europe/Berlin', '2026-10-25T02:30')).toBe(at('2026-10-25T00:30Z'))
    const skipped = momentIn('Europe/Berlin', '2026-03-29T02:30') ?? 0
    expect(wallTime('Europe/Berlin', skipped)).toBe('2026-03-29T03:30')
  })

  test.each(['', 'soon', '2026-02-30T10:00', '2026-13-01T10:00', '2026-01-01T25:00', '2026-01-01'])(
    '%j is no time',
    (text) => {
      expect(momentIn('Europe/Berlin', text)).toBeUndefined()
    },
  )

  test('what a clock shows is read back as the same moment, wherever it hangs', () => {
    const zones = fc.constantFrom('Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Apia', 'Etc/UTC')
    const minutes = fc.integer({ min: at('2026-01-01') / 60_000, max: at('2027-12-31') / 60_000 })
    fc.assert(
      fc.property(zones, minutes, (zone, minute) => {
        const moment = minute * 60_000
        const read = momentIn(zone, wallTime(zone, moment)) ?? 0
        // An hour that comes twice is read as the first.
        expect([0, 3_600_000, 1_800_000]).toContain(moment - read)
        expect(wallTime(zone, read)).toBe(wallTime(zone, moment))
      }),
    )
  })
})
