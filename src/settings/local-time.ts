import type { Millis } from '../domain/clock.js'

/** `2026-03-31T02:30`, seconds optional: a time as clocks on the wall of a zone show it. */
const WALL = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?$/

/**
 * The moment that a wall clock of this IANA zone shows; undefined when the text is no time. A time that the clocks skip
 * counts as the same time after the jump, one that comes twice as the first.
 */
export function momentIn(zone: string, text: string): Millis | undefined {
  const parts = WALL.exec(text.trim())
    ?.slice(1)
    .map((part) => Number(part ?? 0))
  if (!parts) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
  const shown = Date.UTC(year, month - 1, day, hour, minute, Number.isNaN(second) ? 0 : second)
  const back = new Date(shown)
  if (back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day || hour > 23 || minute > 59) return undefined
  const guesses = [shown - offsetAt(zone, shown - DAY_MS), shown - offsetAt(zone, shown + DAY_MS)]
  const exact = guesses.filter((guess) => guess + offsetAt(zone, guess) === shown)
  return exact.length > 0 ? Math.min(...exact) : guesses[0]
}

/** As a wall clock of the zone shows it, `2026-03-31T02:30`. */
export function wallTime(zone: string, moment: Millis): string {
  return new Date(moment + offsetAt(zone, moment)).toISOString().slice(0, 16)
}

const DAY_MS = 86_400_000
const FORMATS = new Map<string, Intl.DateTimeFormat>()

/** What the zone's clocks are ahead of UTC then. */
export function offsetAt(zone: string, moment: Millis): Millis {
  let format = FORMATS.get(zone)
  if (!format) {
    const digits = { year: 'numeric', month: 'numeric', day: 'numeric' } as const
    const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...digits, ...time })
    FORMATS.set(zone, format)
  }
  const found = new Map(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes): number => found.get(type) ?? 0
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
  return wall - Math.floor(moment / 1_000) * 1_000
}
