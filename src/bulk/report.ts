import type { Problem } from '../domain/errors.js'

/** What an import does with a row. */
export const ROW_OUTCOMES = ['new', 'changed', 'same', 'exists', 'left', 'duplicate', 'error'] as const
export type RowOutcome = (typeof ROW_OUTCOMES)[number]

/** What becomes of one field; secrets only say that they differ. */
export interface FieldChange {
  readonly field: string
  readonly before?: string
  readonly after?: string
}

/** What an import did, or would do, with one row. */
export interface RowReport {
  readonly row: number
  readonly number: string
  readonly mac: string
  readonly name: string
  readonly outcome: RowOutcome
  readonly changes: readonly FieldChange[]
  /** Mistakes and warnings of this row. */
  readonly problems: readonly Problem[]
}

export interface Counts {
  readonly added: number
  readonly changed: number
  readonly unchanged: number
}

/** Values of a column that nobody here acts on. */
export interface KeptColumn {
  readonly column: string
  /** Name of the setting they are kept as. */
  readonly setting: string
  readonly rows: number
}

/** The whole of a preview or result, in numbers and names. */
export interface ImportSummary {
  readonly rows: number
  readonly outcomes: Readonly<Record<RowOutcome, number>>
  /** Rows with a warning. */
  readonly warnings: number
  readonly people: Counts
  readonly phones: Counts
  /** Groups that are made, and those whose keys are told. Absent: the file names none. */
  readonly groups?: Counts
  /** People who are added and have an e-mail address: they may be sent a welcome mail afterwards. Absent: none, or not counted. */
  readonly mailable?: number
  /** "Kept for your PBX". */
  readonly kept: readonly KeptColumn[]
  /** Columns that nobody knows, by header: their values are kept as text. */
  readonly unknown: readonly string[]
  /** Columns left out, and why. */
  readonly left: readonly { readonly column: string; readonly reason?: string }[]
  /** Cells that were mended. */
  readonly repairs: readonly { readonly repair: string; readonly cells: number }[]
}

/** Of a row, by what it says of whom. */
export function reportOf(
  { row, number, mac, name }: Pick<RowReport, 'row' | 'number' | 'mac' | 'name'>,
  outcome: RowOutcome,
  changes: readonly FieldChange[],
  problems: readonly Problem[],
): RowReport {
  return { row, number, mac, name, outcome, changes, problems }
}

export function countOutcomes(reports: readonly RowReport[]): Record<RowOutcome, number> {
  const counts = { new: 0, changed: 0, same: 0, exists: 0, left: 0, duplicate: 0, error: 0 }
  for (const { outcome } of reports) counts[outcome] += 1
  return counts
}

/** For a summary: nothing of groups when there are none. */
export function groupCounts(groups: Counts): Pick<ImportSummary, 'groups'> {
  return groups.added + groups.changed + groups.unchanged === 0 ? {} : { groups }
}

export function isError({ severity }: Problem): boolean {
  return severity !== 'warning'
}

export function hasWarning({ problems }: Pick<RowReport, 'problems'>): boolean {
  return problems.some((problem) => !isError(problem))
}
