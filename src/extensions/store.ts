import type { Change, FeedTopic } from '../database/change.js'
import type { Extension, Id, Layer, LineKey } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import type { RemovedExtension, Restored } from './removed.js'

/** Where an extension is used by others. */
export interface ExtensionUses {
  readonly lines: readonly { mac: Mac; position: number }[]
  /** Keys of others that dial or watch its number. */
  readonly keys: readonly { ownerKind: LineKey['owner']['kind']; ownerId: Id; position: number }[]
  /** Forwards of others to its number: names of settings with their owners. */
  readonly forwards: readonly { layer: Layer; owner: string; key: string }[]
}

/** A group that people and phones may be in. */
export interface GroupName {
  readonly id: Id
  readonly name: string
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
  /** All groups of a site. */
  groups(siteId: Id): Promise<GroupName[]>
  /** True when a line or an extension of the site has this digest user name. */
  authUsernameTaken(siteId: Id, authUsername: string): Promise<boolean>
  /** True when somebody else of the site has this address, in any case. */
  emailTaken(siteId: Id, email: string, except?: Id): Promise<boolean>
  /** Throws EXTENSION_EXISTS. */
  insert(record: ExtensionRecord, change: Change): Promise<void>
  /** Replaces row, keys and groups. */
  replace(record: ExtensionRecord, change: Change): Promise<void>
  /** Removes it with its keys and settings, and the lines, keys and forwards of others that use it; all of it is kept
   * for `restore`. */
  remove(record: ExtensionRecord, change: Change): Promise<void>
  /** Brings somebody back who was removed not too long ago; undefined: there is no such one. Throws EXTENSION_EXISTS. */
  restore(siteId: Id, id: Id, change: Change): Promise<Restored | undefined>
  /** Keys and forwards of others that dial the number dial `number` from now on. Returns what must be read again. */
  follow(extension: Extension, number: string, at: number): Promise<readonly FeedTopic[]>
  /** Settings of one person for another, secrets and those named left out. */
  copySettings(from: Id, to: Id, options: { without: readonly string[]; at: number }): Promise<void>
  /** Only the audit row: something was looked at. */
  note(change: Change): Promise<void>
}

export interface ExtensionStore extends ExtensionReads {
  /** By number. */
  list(siteId: Id): Promise<ExtensionRecord[]>
  /** Those who can come back, newest first. */
  removed(siteId: Id, now: number): Promise<RemovedExtension[]>
  /** Runs `work` in one transaction that holds the write lock; what it throws undoes everything. */
  change<T>(work: (writes: ExtensionWrites) => Promise<T>): Promise<T>
}
