import type { Id } from '../domain/entities.js'
import { AppError, type ErrorDetails, type ErrorCode } from '../domain/errors.js'
import type { ImportView } from './open-import.js'
import type { BulkUseCases } from './use-cases.js'

/** Calls that begin something long. */
const LONG = ['openImport', 'importCsv', 'importRows', 'undoImport'] as const
/** Calls about files that are open, or imports that run, when there are any. */
const ABOUT_OPEN = [
  'changeImport',
  'imports',
  'showImport',
  'importReports',
  'confirmImport',
  'cancelImport',
  'settledImport',
  'addedPeople',
  'importedNumbers',
  'importResult',
] as const

export const BESIDE = [...LONG, ...ABOUT_OPEN] as const
export type BesideMethod = (typeof BESIDE)[number]

/** Imports that are worked out and written beside the thread that answers phones; see decision 23. */
export interface ImportsBeside {
  /** It has open files, or is at work. */
  readonly isUp: boolean
  /** A file that was let go there because it was cancelled. */
  cancelled(siteId: Id, id: Id): ImportView | undefined
  /** Begins it when it is not up. Throws what the call throws. */
  call<M extends BesideMethod>(
    siteId: Id,
    method: M,
    args: Parameters<BulkUseCases[M]>,
  ): Promise<Awaited<ReturnType<BulkUseCases[M]>>>
}

/**
 * The same use cases, whose long work is done beside when there is such a place: what is asked about open files
 * is asked there, too. Exports and what is stored stay here.
 */
export function withImportsBeside(
  here: BulkUseCases,
  siteId: Id,
  beside: () => ImportsBeside | undefined,
): BulkUseCases {
  type Call<M extends BesideMethod> = (
    ...args: Parameters<BulkUseCases[M]>
  ) => Promise<Awaited<ReturnType<BulkUseCases[M]>>>
  const call =
    <M extends BesideMethod>(method: M, own: Call<M>, isLong: boolean): Call<M> =>
    (...args) => {
      const place = beside()
      return place && (isLong || place.isUp) ? place.call(siteId, method, args) : own(...args)
    }
  const calls = BESIDE.map((method) => {
    const isLong = (LONG as readonly string[]).includes(method)
    return [method, call(method, here[method] as Call<typeof method>, isLong)]
  })
  const all = { ...here, ...(Object.fromEntries(calls) as Pick<BulkUseCases, BesideMethod>) }
  return { ...all, showImport: async (id) => beside()?.cancelled(siteId, id) ?? all.showImport(id) }
}

/** An error as it is told from one thread to another. */
export type ToldError =
  | { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails }
  | { readonly message: string; readonly stack?: string | undefined }

export function tellError(error: unknown): ToldError {
  if (error instanceof AppError) return { code: error.code, message: error.message, details: error.details }
  return error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) }
}

export function toldError(told: ToldError): Error {
  if ('code' in told) return new AppError(told.code, told.message, told.details)
  const error = new Error(told.message)
  if (told.stack !== undefined) error.stack = told.stack
  return error
}
