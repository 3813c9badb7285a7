import type { ImportReport } from '../bulk/at-once.js'
import { table } from './output.js'

/** Rows that a dry run shows; the rest is in --result and --json. */
const ROWS_SHOWN = 50

/** What became of a file, or would become of it. */
export function importLines(report: ImportReport): string[] {
  const { people, phones, groups, warnings, dryRun, file, kept, unknown, left, repairs, obstacles, token, id } = report
  const would = dryRun ? 'would be ' : ''
  return [
    ...(dryRun && file ? fileLines(report) : []),
    ...obstacles.map(({ message }) => `Mistake: ${message}`),
    ...warnings.map(({ message }) => `Warning: ${message}`),
    ...repairs.map(({ repair, cells }) => `Mended: ${repair} in ${cells} cell(s)`),
    ...kept.map(({ column, setting, rows }) => `Kept for your PBX: ${column} of ${rows} row(s), as ${setting}`),
    ...report.questions.map(questionLine),
    ...report.secretaries.pairs
      .filter(({ isThere }) => !isThere)
      .map(
        ({ boss, secretary }) =>
          `Boss and secretary: ${boss} and ${secretary}; --secretary-keys gives each a key for the other`,
      ),
    ...report.secretaries.unclear.map(
      (context) => `Bosses and secretaries of "${context}": who belongs together is not clear`,
    ),
    ...unknown.map((column) => `Unknown column: ${column}; --map "${column}=..." says what it is`),
    ...left.map(({ column, reason }) => `Left out: ${column}${reason === undefined ? '' : ` (${reason})`}`),
    `People: ${people.added} ${would}added, ${people.changed} ${would}changed, ${people.unchanged} unchanged`,
    `Phones: ${phones.added} ${would}added, ${phones.changed} ${would}changed, ${phones.unchanged} unchanged`,
    ...(groups
      ? [`Groups: ${groups.added} ${would}added, ${groups.changed} ${would}changed, ${groups.unchanged} unchanged`]
      : []),
    ...(dryRun && obstacles.length === 0 && token !== '' ? [`To do just this: import --confirm ${token}`] : []),
    ...(id === undefined ? [] : [`To undo it: import undo ${id}`]),
  ]
}

function questionLine({ column, kind, value, rows, answer, by }: ImportReport['questions'][number]): string {
  const told = answer === undefined ? 'not known' : `${answer} (${by ?? ''})`
  const hint = by === 'said' || by === 'named' ? '' : `; --map-value "${column}:${value}=..." says what it is`
  return `Which ${kind}: ${column} ${value} of ${rows} row(s): ${told}${hint}`
}

function fileLines({ file, reports }: ImportReport): string[] {
  if (!file) return []
  const delimiter = file.delimiter === '\t' ? 'tab' : file.delimiter
  const shown = reports.filter(({ outcome }) => outcome !== 'same')
  return [
    `File: ${file.encoding}, delimiter ${delimiter}, profile ${file.profile ?? 'none'}`,
    ...table(
      ['COLUMN', 'IS'],
      file.columns.map(({ header, target }) => [header, target]),
    ),
    '',
    ...table(
      ['ROW', 'NUMBER', 'MAC', 'NAME', 'WHAT', 'CHANGES'],
      shown
        .slice(0, ROWS_SHOWN)
        .map(({ row, number, mac, name, outcome, changes }) => [
          row,
          number,
          mac,
          name,
          outcome,
          changes.map(({ field, before, after }) => `${field}: ${before ?? '-'} -> ${after ?? '-'}`).join('; '),
        ]),
    ),
    ...(shown.length > ROWS_SHOWN ? [`… and ${shown.length - ROWS_SHOWN} more rows; --result writes all`] : []),
    '',
  ]
}
