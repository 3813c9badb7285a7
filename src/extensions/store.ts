import type { Change } from '../database/change.js'
import type { Extension, Id } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'

/** Where an extension is used by others. */
export interface ExtensionUses {
  readonly lines: readonly { mac: Mac; position: number }[]
  /** Keys of others that dial or watch its number. */
  readonly keys: readonly { ownerKind: 'extension' | 'device'; ownerId: Id; position: number }[]
}

/** Reads. Each may throw DATABASE_UNUSABLE. */
export interface ExtensionReads {
  byNumber(siteId: Id, number: string): Promise<ExtensionRecord | undefined>
  uses(extension: Extension): Promise<ExtensionUses>
}

/**
 * Writes inside one transaction; each leaves its audit row and change feed rows in it and lets the revision grow.
 * Those that get a record refuse with REVISION_CONFLICT when its revision is not the stored one.
 */
export interface ExtensionWrites extends ExtensionReads {
  /** True when a line or an extension of the site has this digest user name. */
  authUsernameTaken(siteId: Id, authUsername: string): Promise<boolean>
  /** Throws EXTENSION_EXISTS. */
  insert(record: ExtensionRecord, change: Change): Promise<void>
  /** Replaces row and keys. */
  replace(record: ExtensionRecord, change: Change): Promise<void>
  /** Removes it with its keys and settings, and the lines and keys of others that use it. */
  remove(record: ExtensionRecord, change: Change): Promise<void>
  /** Only the audit row: something was looked at. */
  note(change: Change): Promise<void>
}

export interface ExtensionStore extends ExtensionReads {
  /** By number. */
  list(siteId: Id): Promise<ExtensionRecord[]>
  /** Runs `work` in one transaction that holds the write lock; what it throws undoes everything. */
  change<T>(work: (writes: ExtensionWrites) => Promise<T>): Promise<T>
}
