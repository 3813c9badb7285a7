import { csvText } from './csv-text.js'
import type { RowReport } from './report.js'

type Row = Pick<RowReport, 'row' | 'number' | 'mac' | 'name' | 'outcome' | 'changes' | 'problems'>

/** What became of each row, for a spreadsheet. */
export function resultCsv(reports: readonly Row[]): string {
  const rows = reports.map(({ row, number, mac, name, outcome, changes, problems }) => [
    String(row),
    number,
    mac,
    name,
    outcome,
    changes.map(({ field, before, after }) => `${field}: ${before ?? ''} -> ${after ?? ''}`).join('; '),
    problems.map(({ message, severity }) => `${severity === 'warning' ? 'Warning: ' : ''}${message}`).join('; '),
  ])
  return csvText([['row', 'number', 'mac', 'name', 'action', 'changes', 'message'], ...rows])
}
