import type { DraftParts } from '../devices/draft.js'
import type { Id } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import type { ExtensionPolicy } from '../extensions/policy.js'
import type { UnnumberedPerson } from '../extensions/unnumbered.js'
import type { DeviceRecord, ExtensionRecord, LayerValues } from '../snapshot/snapshot.js'
import type { OwnerLayer } from './settings-change.js'
import type { GroupNames } from './group-names.js'
import type { KnownPlaces } from './value-questions.js'

/** What is done with people and phones that are there already. */
export const STRATEGIES = ['skip', 'update', 'overwrite', 'fail'] as const
export type Strategy = (typeof STRATEGIES)[number]

/** What there is already. */
export interface Existing {
  readonly extensions: ReadonlyMap<string, ExtensionRecord>
  /** Removed phones too. */
  readonly devices: ReadonlyMap<Mac, DeviceRecord>
  /** Phones of other sites: a MAC address is there once in all of them. */
  readonly foreign: ReadonlySet<Mac>
  /** Settings of a person, or of another owner. */
  settings(owner: Id, layer?: OwnerLayer): LayerValues
  /** Values of the site, then those of all. */
  readonly siteLayers: readonly ReadonlyMap<string, unknown>[]
  readonly unnumbered: readonly UnnumberedPerson[]
  readonly places: KnownPlaces
  /** What the site asks of new people and passwords. */
  readonly policy: ExtensionPolicy
}

export interface PlanParts extends DraftParts, Pick<Existing, 'settings'> {
  readonly strategy: Strategy
  readonly groups: GroupNames
  isSecret(key: string): boolean
  /** The number of a person, existing or planned. */
  numberOf(extensionId: Id): string | undefined
}
