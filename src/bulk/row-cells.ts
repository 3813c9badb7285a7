import { AppError } from '../domain/errors.js'
import type { SettingContent } from '../settings/vocabulary.js'
import type { Column } from './columns.js'
import { tidy } from './damage.js'
import type { Mapping } from './mapping.js'
import type { AskedValue } from './row.js'

const KEPT_MAX = 8_000
/** A cell that says that a value is to be none, unlike one that is empty and says nothing. */
export const CLEARED = 'null'

/** The column says already what the refusal begins with. */
export function withoutField({ message, details }: AppError): string {
  const start = `${details.field ?? ''}: `
  return message.startsWith(start) ? message.slice(start.length) : message
}

/** Throws CSV_INVALID for a text that is too long or no text. */
export function keptText(text: string): string {
  if (text.length <= KEPT_MAX && text.isWellFormed()) return text
  throw new AppError('CSV_INVALID', `a text that is kept may have up to ${KEPT_MAX} characters`)
}

/** The name that first and last name make. */
export function composedName(settings: ReadonlyMap<string, SettingContent>): string | undefined {
  const parts = [settings.get('firstName'), settings.get('lastName')].filter((part) => typeof part === 'string')
  return parts.length === 0 ? undefined : parts.join(' ')
}

/** Names of fields and settings whose columns are empty in a row. */
export function emptyColumns(columns: readonly Column[], texts: readonly string[]): Set<string> {
  const empty = new Set<string>()
  columns.forEach(({ target }, index) => {
    if ((texts[index] ?? '').trim() !== '') return
    if (target.kind === 'field') empty.add(target.field)
    if (target.kind === 'setting' || target.kind === 'kept') empty.add(target.key)
    if (target.kind === 'owned') empty.add(`${target.of}.${target.key}`)
  })
  return empty
}

/** Only what has a value. */
export function withoutAbsent<T extends object>(given: { [K in keyof T]: T[K] | undefined }): T {
  const kept: Partial<T> = {}
  for (const key in given) if (given[key] !== undefined) kept[key] = given[key]
  return kept as T
}

/** What a row says that stands for something of ours. */
export function askedValues(columns: readonly Column[], texts: readonly string[]): AskedValue[] {
  return columns.flatMap(({ header, target }, index) => {
    const value = (texts[index] ?? '').trim()
    const kind = target.kind === 'kept' || target.kind === 'setting' ? target.ask : undefined
    return kind === undefined || value === '' ? [] : [{ column: header, kind, value }]
  })
}

const SUM = /^(?:grand )?(?:total|sum|summe|gesamt|insgesamt|somme|totale|suma|итого|всего)(?!\p{L})/iu

/** Why a row is about nobody, and not even a mistake; undefined: it is a row. */
export function noRow(cells: readonly string[], { columns, headers, profile }: Mapping): string | undefined {
  const first = cells.find((cell) => cell.trim() !== '') ?? ''
  if (first.trim() !== '' && first.trim() === headers.find((header) => header !== '')) {
    const isAgain = headers.length > 1 && headers.every((header, index) => header === tidy(cells[index] ?? ''))
    if (isAgain) return 'is the headers once more'
  }
  if (profile?.withoutNumber === true || !SUM.test(first.trim())) return undefined
  const who = columns.some(({ target }, index) => {
    const cell = (cells[index] ?? '').trim()
    if (target.kind !== 'field' || cell === '') return false
    // A group may have such a name, a number or MAC address not.
    return target.field === 'keysOfGroup' || (['number', 'mac'].includes(target.field) && !SUM.test(cell))
  })
  return who ? undefined : 'looks like the sum below a list'
}
