import { parseExtensionNumber } from '../domain/extension-number.js'
import { parseMac } from '../domain/mac-address.js'
import type { Field } from './columns.js'
import { tidy } from './damage.js'
import type { TableRow } from './table.js'

/** The first line of a file without headers. */
export function looksLikeData(cells: readonly string[]): boolean {
  return cells.some((cell) => parseExtensionNumber(cell) !== undefined || isEmail(cell) || parseMac(cell) !== undefined)
}

function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text)
}

/** What each column of a file without headers is, by what stands in it. */
export function guessByContent(rows: readonly TableRow[]): (Field | undefined)[] {
  const sample = rows.slice(0, 20)
  const width = Math.max(0, ...sample.map(({ cells }) => cells.length))
  const taken = new Set<Field>()
  const take = (field: Field): Field | undefined => (taken.has(field) ? undefined : (taken.add(field), field))
  return Array.from({ length: width }, (_, index) => {
    const cells = sample.map(({ cells: all }) => tidy(all[index] ?? '')).filter((cell) => cell !== '')
    const all = (is: (cell: string) => boolean): boolean => cells.length > 0 && cells.every(is)
    if (all((cell) => parseMac(cell) !== undefined)) return take('mac')
    if (all((cell) => parseExtensionNumber(cell) !== undefined)) return take('number')
    if (all(isEmail)) return take('email')
    return all((cell) => /\p{L}/u.test(cell)) ? take('name') : undefined
  })
}
