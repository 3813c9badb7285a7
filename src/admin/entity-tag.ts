import { AppError } from '../domain/errors.js'
import type { Seen } from '../domain/revision.js'

/** The strong tag of an entity: its id and its revision (RFC 9110 §8.8.3). */
export function entityTag({ id, revision }: Seen): string {
  return `"${encodeURIComponent(id)}.${revision}"`
}

/**
 * What an If-Match header says somebody has seen; undefined for `*`, which takes whatever is there.
 * Throws REVISION_NEEDED without the header, REVISION_CONFLICT for a tag that was never ours (RFC 9110 §13.1.1).
 */
export function seenOf(ifMatch: string | undefined): Seen | undefined {
  if (ifMatch === undefined) {
    throw new AppError('REVISION_NEEDED', 'If-Match is missing: send the ETag of what you have loaded, or *', {
      field: 'If-Match',
    })
  }
  const text = ifMatch.trim()
  if (text === '*') return undefined
  const match = /^"([^"]+)\.(\d{1,9})"$/.exec(text)
  const id = decoded(match?.[1] ?? '')
  if (!match || id === undefined) {
    throw new AppError('REVISION_CONFLICT', 'this ETag is none of ours', { field: 'If-Match' })
  }
  return { id, revision: Number(match[2]) }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
