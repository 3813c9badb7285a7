import type { Column, Target } from './columns.js'
import { tidy } from './damage.js'
import { headerKey, type Profile } from './profile.js'
import type { TableRow } from './table.js'

/** Lines that may stand above the headers: a title, a date, names of groups of columns. */
const ABOVE_MAX = 10

/**
 * The place of the headers among the first rows: the first row, unless it names neither number nor MAC address, and a
 * row below does, with something else that is known.
 */
export function headerAt(rows: readonly TableRow[], named: (cells: readonly string[]) => readonly Column[]): number {
  const isHeader = ({ cells }: TableRow): boolean => {
    const columns = named(cells.map(tidy)).filter(({ unknown }) => !unknown)
    return columns.length > 1 && columns.some(({ target }) => saysWho(target))
  }
  const first = rows[0]
  if (!first || named(first.cells.map(tidy)).some(({ target }) => saysWho(target))) return 0
  return Math.max(0, rows.slice(0, ABOVE_MAX + 1).findIndex(isHeader))
}

/** Who or what a row is about stands in such a column. */
export function saysWho(target: Target): boolean {
  return target.kind === 'field' && ['number', 'mac', 'keysOfGroup'].includes(target.field)
}

/** What a column without a header is called. */
export function nameByPlace(index: number): string {
  return `Column ${index + 1}`
}

/** Names of the columns, each once: one without a header is called by its place, the second of a name `Phone (2)`. */
export function columnNames(cells: readonly string[]): string[] {
  const seen = new Map<string, number>()
  return cells.map((cell, index) => {
    const name = cell === '' ? nameByPlace(index) : cell
    const times = (seen.get(name) ?? 0) + 1
    seen.set(name, times)
    return times === 1 ? name : `${name} (${times})`
  })
}

/** `Extension (required)`, `MAC [12 hex]`, `Name *`: what is said of a column beside its name does not count. */
export function withoutNotes(header: string): string {
  return header.replace(/[([{].*?[)\]}]/gu, '')
}

const SECRET =
  /passw|passcode|passphrase|\bpwd\b|kennwort|secret|парол|mot de passe|contrase[nñ]|senha|(?<!\p{L})pin(?!\p{L})/iu

/** What lies open if it is kept as text: nobody said that it is a password that we know to hide. */
export function looksSecret(header: string): boolean {
  return SECRET.test(header)
}

/**
 * Of columns that are the same thing, the one that was said to be it is it. By synonyms, such as "Mobile" and "Cell", it
 * is the first, or the one that has the name itself. The others are columns that nobody knows; the same name twice
 * stays twice.
 */
export function settleSynonyms(columns: readonly Column[], unknown: (header: string) => Column): Column[] {
  const winners = new Map<string, Column>()
  for (const column of columns) {
    const key = JSON.stringify(column.target)
    const before = winners.get(key)
    if (!before || isSurer(column, before)) winners.set(key, column)
  }
  return columns.map((column) => {
    const winner = winners.get(JSON.stringify(column.target))
    if (winner === undefined || winner === column) return column
    if (winner.certainty === 'said' && column.certainty !== 'said') return unknown(column.header)
    const isTwice = column.certainty !== 'synonym' || sameHeader(winner.header, column.header)
    return isTwice ? column : unknown(column.header)
  })
}

function isSurer({ certainty }: Column, than: Column): boolean {
  if (certainty === 'said') return than.certainty !== 'said'
  return certainty !== 'synonym' && than.certainty === 'synonym'
}

function sameHeader(a: string, b: string): boolean {
  return headerKey(withoutNotes(a)) === headerKey(withoutNotes(b))
}

const FIRST: Target = { kind: 'setting', key: 'firstName' }
const LAST: Target = { kind: 'setting', key: 'lastName' }

/** Beside a first name, "Name" is the last name; beside a last name it is the first. Our own files write `name`. */
export function settleNames(columns: readonly Column[], profile: Profile | undefined): Column[] {
  if (profile && profile.id !== 'hosted' && !profile.id.startsWith('phoneboot')) return [...columns]
  const has = (key: string): boolean =>
    columns.some(({ target, unknown }) => !unknown && target.kind === 'setting' && target.key === key)
  const [first, last] = [has('firstName'), has('lastName')]
  if (first === last) return [...columns]
  const isName = ({ header, target, certainty }: Column): boolean =>
    target.kind === 'field' && target.field === 'name' && header !== 'name' && certainty !== 'said'
  return columns.map((column) => (isName(column) ? { ...column, target: first ? LAST : FIRST } : column))
}
