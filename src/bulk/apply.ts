import type { Author } from '../database/change.js'
import type { Id } from '../domain/entities.js'
import type { UnnumberedPerson } from '../extensions/unnumbered.js'
import type { DeviceRecord, ExtensionRecord } from '../snapshot/snapshot.js'
import type { LateSeals } from './late-seals.js'
import type { Ask } from './profile.js'
import type { SettingsChange } from './settings-change.js'
import type { ImportResult, StoredImport } from './store.js'
import type { KnownGroup } from './value-questions.js'

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
  readonly settings: readonly SettingsChange[]
  /** People without a number: new ones and changed ones, with the revision that was read (0: new). */
  readonly putUnnumbered?: readonly UnnumberedPerson[]
  /** Those who have a number from now on. */
  readonly takeUnnumbered?: readonly UnnumberedPerson[]
  /** Groups that are new, and those whose keys differ. */
  readonly putGroups?: readonly GroupChange[]
  /** What values were said to stand for, for the next import. */
  readonly answers?: readonly RememberedAnswer[]
  /** Seals the secrets of records as they are written; absent: they are sealed already. */
  readonly seals?: LateSeals
}

/** A group with its keys as they are to be. */
export interface GroupChange extends KnownGroup {
  readonly siteId: Id
  /** As it was read; 0: new. */
  readonly revision: number
}

/** What a value of a file stands for in this site. */
export interface RememberedAnswer {
  readonly kind: Ask
  readonly value: string
  readonly answer: string
}

/** Lists of a plan whose records count as written. */
const COUNTED = [
  'createExtensions',
  'updateExtensions',
  'purgeDevices',
  'createDevices',
  'updateDevices',
  'settings',
  'putUnnumbered',
  'takeUnnumbered',
  'putGroups',
] as const

/** How many records a plan writes. */
export function planSize(plan: BulkPlan): number {
  return COUNTED.reduce((sum, list) => sum + (plan[list]?.length ?? 0), 0)
}

/** What is kept with the import itself, in the same transaction. */
export interface ImportNote {
  /** As it is to be stored when all is written. */
  readonly done: StoredImport
  readonly results: Iterable<ImportResult>
  /** Asked between statements; may throw, and then nothing was written. */
  progress(written: number): Promise<void>
}

/**
 * Writes a plan in one transaction: all of it or nothing, and what undoing it takes.
 * Throws EXTENSION_EXISTS, DEVICE_EXISTS, REVISION_CONFLICT (somebody changed a record since the plan was made),
 * LINE_INVALID (a digest user name that an extension and a line would share), DATABASE_UNUSABLE.
 */
export type ApplyBulk = (plan: BulkPlan, author: Author, note: ImportNote) => Promise<void>
