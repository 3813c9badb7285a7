/** When a clock changes, every year: the `week`-th (5 = last) `weekday` (1 = Monday … 7 = Sunday) of a month. */
export interface ZoneChange {
  month: number
  week: number
  weekday: number
  /** Local time before the change; 24 means the end of that day. */
  hour: number
  minute: number
}

/** A time zone as phones want to be told: an offset and at most one pair of yearly changes. */
export interface ZoneRule {
  /** Minutes east of UTC without daylight saving. */
  offset: number
  dst?: { offset: number; start: ZoneChange; end: ZoneChange }
  /** True when the zone's real rule has no such form: right for the first year, or the offset of most months. */
  approximate?: true
}

const MINUTE = 60_000
const DAY = 1440 * MINUTE

function offsetReader(zone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  return (atMs) => {
    const name = format.formatToParts(atMs).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT'
    const match = /^GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(name)
    const minutes = Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0)
    return match?.[1] === '-' ? -minutes : minutes
  }
}

interface Transition {
  at: number
  from: number
  to: number
}

function transitionsOf(year: number, offsetAt: (atMs: number) => number): Transition[] {
  const found: Transition[] = []
  const end = Date.UTC(year + 1, 0, 1)
  // No zone changes its clock twice within a week.
  for (let from = Date.UTC(year, 0, 1), until = 0; from < end; from = until) {
    until = Math.min(from + 7 * DAY, end)
    const [before, after] = [offsetAt(from), offsetAt(until)]
    if (before === after) continue
    let [low, high] = [from, until]
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE
      if (offsetAt(middle) === before) low = middle
      else high = middle
    }
    found.push({ at: high, from: before, to: after })
  }
  return found
}

/** The rules that one transition fits, best first: by its own date, or as hour 24 of the day before. */
function changesOf({ at, from }: Transition): ZoneChange[] {
  const local = new Date(at + from * MINUTE)
  const midnight = local.getUTCHours() === 0 && local.getUTCMinutes() === 0
  const own = weeksOf(local).map((week) => ({ ...week, hour: local.getUTCHours(), minute: local.getUTCMinutes() }))
  if (!midnight) return own
  return [...own, ...weeksOf(new Date(local.getTime() - DAY)).map((week) => ({ ...week, hour: 24, minute: 0 }))]
}

function weeksOf(day: Date): { month: number; week: number; weekday: number }[] {
  const date = day.getUTCDate()
  const lastDay = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate()
  const base = { month: day.getUTCMonth() + 1, weekday: day.getUTCDay() === 0 ? 7 : day.getUTCDay() }
  const nth = { ...base, week: Math.ceil(date / 7) }
  return date + 7 > lastDay ? [{ ...base, week: 5 }, ...(nth.week === 5 ? [] : [nth])] : [nth]
}

/** The rule that all these transitions have in common, if any. */
function commonChange(transitions: readonly Transition[]): ZoneChange | undefined {
  const [first, ...others] = transitions.map((transition) =>
    changesOf(transition).map((change) => JSON.stringify(change)),
  )
  const shared = first?.find((change) => others.every((changes) => changes.includes(change)))
  return shared === undefined ? undefined : (JSON.parse(shared) as ZoneChange)
}

/**
 * Reads a zone's rule out of the runtime's own time zone data (Intl), over the years given, so that "last Sunday" and
 * "fourth Sunday" are told apart. Throws RangeError for an unknown zone.
 */
export function zoneRule(zone: string, years: readonly number[]): ZoneRule {
  const offsetAt = offsetReader(zone)
  const byYear = years.map((year) => transitionsOf(year, offsetAt))
  const lastYear = years[years.length - 1] ?? 2000
  if (byYear.every((transitions) => transitions.length === 0)) return { offset: offsetAt(Date.UTC(lastYear, 6, 1)) }
  if (byYear.every((transitions) => transitions.length === 2)) {
    const all = byYear.flat()
    const start = commonChange(all.filter(({ from, to }) => to > from))
    const end = commonChange(all.filter(({ from, to }) => to < from))
    const offsets = all.flatMap(({ from, to }) => [from, to])
    const range = { offset: Math.min(...offsets), summer: Math.max(...offsets) }
    if (start && end) return { offset: range.offset, dst: { offset: range.summer, start, end } }
    const thisYear = yearOfItsOwn(byYear[0] ?? [])
    if (thisYear) return { offset: range.offset, dst: { offset: range.summer, ...thisYear }, approximate: true }
  }
  // Changed for good in one of the years, or moves with the moon: what holds in most months of the last year.
  const months = Array.from({ length: 12 }, (_, month) => offsetAt(Date.UTC(lastYear, month, 15)))
  const count = (offset: number): number => months.filter((other) => other === offset).length
  return { offset: months.reduce((best, next) => (count(next) > count(best) ? next : best)), approximate: true }
}

/** Changes such as "the Friday before the last Sunday" have no yearly form: the first year's own dates, then. */
function yearOfItsOwn(transitions: readonly Transition[]): { start: ZoneChange; end: ZoneChange } | undefined {
  const forward = transitions.find(({ from, to }) => to > from)
  const back = transitions.find(({ from, to }) => to < from)
  const [start, end] = [forward && changesOf(forward)[0], back && changesOf(back)[0]]
  // Morocco goes back for Ramadan only, in another month each year: better to leave that month wrong than the year.
  const betweenDays = forward && back ? Math.abs(forward.at - back.at) / DAY : 0
  return start && end && betweenDays > 90 && betweenDays < 275 ? { start, end } : undefined
}

function posixOffset(minutesEast: number): string {
  const [hours, minutes] = [Math.trunc(Math.abs(minutesEast) / 60), Math.abs(minutesEast) % 60]
  return `${minutesEast > 0 ? '-' : ''}${hours}${minutes ? `:${String(minutes).padStart(2, '0')}` : ''}`
}

function posixChange({ month, week, weekday, hour, minute }: ZoneChange): string {
  const time = `${hour}${minute ? `:${String(minute).padStart(2, '0')}` : ''}`
  return `M${month}.${week}.${weekday % 7}${time === '2' ? '' : `/${time}`}`
}

/** POSIX TZ string (IEEE 1003.1 §8.3) with neutral names; its offset counts west, so Berlin is `STD-1DST,…`. */
export function posixZone({ offset, dst }: ZoneRule): string {
  if (!dst) return `STD${posixOffset(offset)}`
  const saving = dst.offset - offset === 60 ? '' : posixOffset(dst.offset)
  return `STD${posixOffset(offset)}DST${saving},${posixChange(dst.start)},${posixChange(dst.end)}`
}
