import type { Clock, Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Log } from '../observe/log.js'
import { told } from './refusals.js'
import type { ImportSummary } from './report.js'
import type { ImportStore, StoredImport } from './store.js'

/** Imports are kept so long, with their results and what undoing takes. */
export const KEEP_MS = 90 * 86_400_000

export interface JobInput {
  id: Id
  siteId: Id
  actor: string
  fileName?: string | undefined
  profile?: string | undefined
  summary: ImportSummary
  runner: string
}

/** An import that is about to be written. */
export function newJob({ fileName, profile, ...given }: JobInput, now: Millis): StoredImport {
  return {
    ...given,
    state: 'running',
    ...(fileName === undefined ? {} : { fileName }),
    ...(profile === undefined ? {} : { profile }),
    startedAt: now,
  }
}

/**
 * Does `work`, which keeps the import as done in the transaction that writes it. When it is refused or cancelled, the
 * import is kept as that, and the refusal is thrown.
 */
export async function runJob(
  { store, clock, log }: { store: ImportStore; clock: Clock; log: Log },
  job: StoredImport,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    await store
      .finish({ ...job, ...endOf(error), finishedAt: clock.now() })
      .catch((failure: unknown) => log.warn({ err: failure }, 'an import ended untold'))
    throw error
  }
}

/** What an import comes to that ends with an error. */
export function endOf(error: unknown): { state: 'cancelled' | 'failed'; error: string } {
  if (!(error instanceof AppError)) return { state: 'failed', error: 'internal error' }
  return { state: error.code === 'IMPORT_CANCELLED' ? 'cancelled' : 'failed', error: told(error) }
}
