import { parse } from 'yaml'
import { AppError } from '../domain/errors.js'
import { posixZone, type ZoneChange, type ZoneRule } from './zone-rule.js'

/** device-templates/time-zones.yaml: every zone's rule, generated from Intl and compared with it in a test. */
export type TimeZones = ReadonlyMap<string, ZoneRule>

const CHANGE = /^(\d{1,2})\/([1-5])\/([1-7])\/(\d{1,2}):(\d{2})$/

function readChange(text: unknown, zone: string): ZoneChange {
  const match = CHANGE.exec(String(text))
  if (!match) throw new AppError('TEMPLATES_INVALID', `time-zones.yaml: ${zone}: "${String(text)}" is no change`)
  const [month = 0, week = 0, weekday = 0, hour = 0, minute = 0] = match.slice(1).map(Number)
  return { month, week, weekday, hour, minute }
}

function writeChange({ month, week, weekday, hour, minute }: ZoneChange): string {
  return `${month}/${week}/${weekday}/${hour}:${String(minute).padStart(2, '0')}`
}

interface ZoneRow {
  offset: number
  dst?: number
  start?: string
  end?: string
  approximate?: true
}

/** Reads time-zones.yaml. Throws TEMPLATES_INVALID. */
export function parseTimeZones(yamlText: string): TimeZones {
  const rows = parse(yamlText) as Record<string, ZoneRow>
  return new Map(
    Object.entries(rows).map(([zone, { offset, dst, start, end, approximate }]) => [
      zone,
      {
        offset,
        ...(dst === undefined
          ? {}
          : { dst: { offset: dst, start: readChange(start, zone), end: readChange(end, zone) } }),
        ...(approximate ? { approximate } : {}),
      },
    ]),
  )
}

/** Writes one line per zone, the form `parseTimeZones` reads. */
export function writeTimeZones(zones: TimeZones): string {
  const lines = [...zones].map(([zone, { offset, dst, approximate }]) => {
    const saving = dst ? `, dst: ${dst.offset}, start: ${writeChange(dst.start)}, end: ${writeChange(dst.end)}` : ''
    return `${zone}: { offset: ${offset}${saving}${approximate ? ', approximate: true' : ''} }`
  })
  return [
    '# Minutes east of UTC; start and end of daylight saving: month / week (5 = last) / weekday (1 = Monday) / local time.',
    "# Generated from the runtime's time zone data: UPDATE_GOLDEN=1 npm test -- time-zones",
    ...lines,
    '',
  ].join('\n')
}

/** What templates see as `time`. */
export interface TimeView {
  zone: string
  /** Minutes east of UTC, standard time. */
  offset: number
  /** `+5:30`, `-3`, `0`: sign, hours, minutes when there are any. */
  offsetText: string
  posix: string
  /** False: no daylight saving; then the fields below are null. */
  dst: boolean
  /** Minutes the clock is put forward. */
  saving: number | null
  start: ZoneChange | null
  end: ZoneChange | null
}

/** The rule of an IANA zone or one of its aliases; UTC for any other text. */
export function timeView(zones: TimeZones, zone: string): TimeView {
  const rule = zones.get(zone) ?? zones.get(canonicalZone(zone)) ?? { offset: 0 }
  const { offset, dst } = rule
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60]
  const sign = offset === 0 ? '' : offset > 0 ? '+' : '-'
  return {
    zone,
    offset,
    offsetText: `${sign}${hours}${minutes ? `:${String(minutes).padStart(2, '0')}` : ''}`,
    posix: posixZone(rule),
    dst: dst !== undefined,
    saving: dst ? dst.offset - offset : null,
    start: dst?.start ?? null,
    end: dst?.end ?? null,
  }
}

function canonicalZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return 'Etc/UTC'
  }
}
