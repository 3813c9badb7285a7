import { hasWarning, type RowOutcome, type RowReport } from './report.js'
import type { ImportResult } from './store.js'

/** A row of a preview, or what became of it. */
export type ShownRow = RowReport | ImportResult

/** Which rows of an import; left out: all of them. */
export interface RowsWanted {
  readonly outcome?: RowOutcome | 'warning' | undefined
  /** So many go before. */
  readonly from?: number | undefined
  readonly limit?: number | undefined
}

export interface RowsPage {
  readonly rows: readonly ShownRow[]
  /** How many there are on all pages. */
  readonly total: number
}

export function pageOf(all: readonly ShownRow[], { outcome, from = 0, limit = Infinity }: RowsWanted): RowsPage {
  const rows =
    outcome === undefined
      ? all
      : all.filter((one) => (outcome === 'warning' ? hasWarning(one) : one.outcome === outcome))
  return { rows: rows.slice(from, from + limit), total: rows.length }
}
