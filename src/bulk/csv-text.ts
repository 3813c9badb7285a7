import { guardCell, isAltered } from './damage.js'

/**
 * Rows as CSV text with CRLF (RFC 4180); cells that a spreadsheet would take for a formula are guarded. `guarded` says of
 * which columns digits are, too, that a spreadsheet would make another number or a date of; default: of none.
 */
export function csvText(rows: Iterable<readonly string[]>, guarded: (column: number) => boolean = () => false): string {
  let text = ''
  for (const row of rows) text += `${row.map((cell, column) => cellText(cell, guarded(column))).join(',')}\r\n`
  return text
}

function cellText(cell: string, digits: boolean): string {
  const guarded = digits && isAltered(cell) ? `'${cell}` : guardCell(cell)
  return /[",;|\t\r\n]|^\s|\s$|^# /.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
