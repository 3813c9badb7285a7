import { guardCell } from './damage.js'

/** Rows as CSV text with CRLF (RFC 4180); cells that a spreadsheet would take for a formula are guarded. */
export function csvText(rows: Iterable<readonly string[]>): string {
  let text = ''
  for (const row of rows) text += `${row.map(cellText).join(',')}\r\n`
  return text
}

function cellText(cell: string): string {
  const guarded = guardCell(cell)
  return /[",;|\t\r\n]|^\s|\s$|^# /.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
