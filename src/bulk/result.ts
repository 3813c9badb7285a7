import { csvText } from './csv-text.js'
import { paced, type Pace } from './pace.js'
import type { RowReport } from './report.js'

type Row = Pick<RowReport, 'row' | 'number' | 'mac' | 'name' | 'outcome' | 'changes' | 'problems'>

/** What became of each row, for a spreadsheet. */
export async function resultCsv(reports: readonly Row[], pace: Pace): Promise<string> {
  let text = csvText([['row', 'number', 'mac', 'name', 'action', 'changes', 'message']])
  for await (const report of paced(reports, pace)) text += csvText([cellsOf(report)])
  return text
}

function cellsOf({ row, number, mac, name, outcome, changes, problems }: Row): string[] {
  return [
    String(row),
    number,
    mac,
    name,
    outcome,
    changes.map(({ field, before, after }) => `${field}: ${before ?? ''} -> ${after ?? ''}`).join('; '),
    problems.map(({ message, severity }) => `${severity === 'warning' ? 'Warning: ' : ''}${message}`).join('; '),
  ]
}
