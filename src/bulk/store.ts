import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { ImportSummary, RowReport } from './report.js'

/** `interrupted`: the program ended before the import did; nothing of it was written. */
export const IMPORT_STATES = ['running', 'done', 'failed', 'cancelled', 'interrupted', 'undone'] as const
export type ImportState = (typeof IMPORT_STATES)[number]

/** An import as the database keeps it. */
export interface StoredImport {
  readonly id: Id
  readonly siteId: Id
  readonly state: ImportState
  readonly fileName?: string
  readonly profile?: string
  readonly actor: string
  readonly startedAt: Millis
  readonly finishedAt?: Millis
  readonly undoneAt?: Millis
  readonly undoneBy?: string
  /** What it did; with the numbers of the preview while it runs. */
  readonly summary: ImportSummary
  /** Why it was not done. */
  readonly error?: string
  /** The program that runs it: another one's that is gone means `interrupted`. */
  readonly runner: string
}

/** What is kept of a row: as in the report, without the values. */
export type ImportResult = Pick<RowReport, 'row' | 'number' | 'mac' | 'name' | 'outcome' | 'problems'> & {
  readonly changes: RowReport['changes']
}

/** Where imports are kept. Each call may throw DATABASE_UNUSABLE. */
export interface ImportStore {
  /** Puts in a new one, and lets go of those older than `before`. */
  begin(job: StoredImport, before: Millis): Promise<void>
  /** One that was not done: failed, cancelled. */
  finish(job: StoredImport): Promise<void>
  byId(siteId: Id, id: Id): Promise<StoredImport | undefined>
  /** Newest first. */
  list(siteId: Id, limit: number): Promise<StoredImport[]>
  /** Results by row, in order. */
  results(id: Id): Promise<ImportResult[]>
  /**
   * Puts every record back to what it was before the import, in one transaction. Throws IMPORT_NOT_UNDONE with all
   * records that were changed since, and DATABASE_UNUSABLE.
   */
  undo(job: StoredImport, by: { actor: string; at: Millis }): Promise<void>
}
