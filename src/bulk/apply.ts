import type { Author } from '../database/change.js'
import type { DeviceRecord, ExtensionRecord } from '../snapshot/snapshot.js'

/**
 * Everything an import writes, as whole records with what hangs on them: keys for extensions, lines and keys for
 * devices. Drafts come from `draftExtension` and `draftDevice`; updates carry the revision that was read.
 */
export interface BulkPlan {
  readonly createExtensions: readonly ExtensionRecord[]
  readonly updateExtensions: readonly ExtensionRecord[]
  /** Deleted first: removed phones whose MAC address comes back among `createDevices`. */
  readonly purgeDevices: readonly DeviceRecord[]
  readonly createDevices: readonly DeviceRecord[]
  readonly updateDevices: readonly DeviceRecord[]
}

/**
 * Writes a plan in one transaction: all of it or nothing.
 * Throws EXTENSION_EXISTS, DEVICE_EXISTS, REVISION_CONFLICT (somebody changed a record since the plan was made),
 * LINE_INVALID (a digest user name that an extension and a line would share), DATABASE_UNUSABLE.
 */
export type ApplyBulk = (plan: BulkPlan, author: Author) => Promise<void>
