import { tidy } from './damage.js'
import type { TableRow } from './table.js'

const RANGE = /^'?(\d{1,9})\s*(?:-|–|\.\.)\s*(\d{1,9})$/
/** People that one row may make. */
const NUMBERS_MAX = 1_000
/** What stands for the number in the other cells of such a row. */
const PLACEHOLDER = '{number}'

interface NumberRange {
  readonly from: number
  readonly to: number
  /** Digits of each: `001-020` is 001, 002, … */
  readonly digits: number
}

function rangeIn(text: string): NumberRange | undefined {
  const [, from = '', to = ''] = RANGE.exec(tidy(text)) ?? []
  return from === ''
    ? undefined
    : { from: Number(from), to: Number(to), digits: from.startsWith('0') ? from.length : 1 }
}

/** What is wrong with a text that was meant as a range of numbers; undefined: it is none, or a good one. */
export function rangeProblem(text: string): string | undefined {
  const range = rangeIn(text)
  if (!range) return undefined
  if (range.to < range.from) return `"${text}" runs backwards`
  if (range.to - range.from >= NUMBERS_MAX) return `"${text}" is more than ${NUMBERS_MAX} numbers`
  return undefined
}

/**
 * A row whose number is a range such as `101-150`, as one row for each number: `{number}` in its other cells is that
 * number. Any other row, and a range with something wrong, as it is.
 */
export function* rowsOfRange(row: TableRow, numberColumn: number): Generator<TableRow> {
  const text = row.cells[numberColumn] ?? ''
  const range = rangeIn(text)
  if (!range || rangeProblem(text) !== undefined) {
    yield row
    return
  }
  for (let number = range.from; number <= range.to; number += 1) {
    const own = String(number).padStart(range.digits, '0')
    const cells = row.cells.map((cell, index) => (index === numberColumn ? own : cell.replaceAll(PLACEHOLDER, own)))
    yield { row: row.row, cells, isOneOfMany: true }
  }
}
