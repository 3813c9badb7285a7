import type { Change } from '../database/change.js'
import type { Millis } from '../domain/clock.js'
import type { Id, Line } from '../domain/entities.js'
import type { ExtensionNumber } from '../domain/extension-number.js'
import type { Mac } from '../domain/mac-address.js'
import type { DeviceRecord, ExtensionRecord } from '../snapshot/snapshot.js'

/** A line with whom it reaches. */
interface LineView extends Line {
  readonly extension: ExtensionNumber
  readonly displayName: string
}

/** A device as people look at it. */
export interface DeviceView extends DeviceRecord {
  readonly lines: readonly LineView[]
}

/** Reads. Each may throw DATABASE_UNUSABLE. */
export interface DeviceReads {
  byMac(mac: Mac): Promise<DeviceView | undefined>
  extensionByNumber(siteId: Id, number: string): Promise<ExtensionRecord | undefined>
}

/** As ExtensionWrites: audit, feed and revision come with each; REVISION_CONFLICT when the record is stale. */
export interface DeviceWrites extends DeviceReads {
  /** True when a line or an extension of the site has this digest user name. */
  authUsernameTaken(siteId: Id, authUsername: string): Promise<boolean>
  /** Throws DEVICE_EXISTS. */
  insert(record: DeviceRecord, change: Change): Promise<void>
  /** Replaces row, lines and keys. */
  replace(record: DeviceRecord, change: Change): Promise<void>
  /** Really deletes it, with lines, keys and settings. */
  remove(record: DeviceRecord, change: Change): Promise<void>
  /** Only the audit row: something was looked at. */
  note(change: Change): Promise<void>
}

/** What a boot told about a phone; not audited and no new revision. */
export interface Sighting {
  deviceId: Id
  at: Millis
  ip: string
  /** Absent: the stored version stays. */
  firmwareVersion?: string
}

export interface DeviceStore extends DeviceReads {
  /** By MAC; retired ones too. */
  list(siteId: Id): Promise<DeviceView[]>
  /** Retired before `before`. */
  retiredBefore(before: Millis): Promise<DeviceRecord[]>
  /** Runs `work` in one transaction that holds the write lock; what it throws undoes everything. */
  change<T>(work: (writes: DeviceWrites) => Promise<T>): Promise<T>
  /** Voids the password before of a line. */
  forgetFormer(lineId: Id, at: Millis): Promise<void>
  /** Stores sightings; a firmware version that changed is announced in the change feed. */
  noteSightings(sightings: readonly Sighting[]): Promise<void>
}
