import { AppError } from './errors.js'

/** What somebody has seen of a record before he changes it. */
export interface Seen {
  readonly id: string
  readonly revision: number
}

/** Throws REVISION_CONFLICT when the record is not the one the caller has seen; `seen` absent: anything goes. */
export function refuseStale(record: Seen, seen: Seen | undefined): void {
  if (seen === undefined || (seen.id === record.id && seen.revision === record.revision)) return
  throw new AppError('REVISION_CONFLICT', 'this was changed by somebody else meanwhile', { hint: 'Load it again' })
}
