import type { Id, Layer } from '../domain/entities.js'

/** Whose settings a file may say: a person's, a phone's, those of a line of it, a group's. */
export type OwnerLayer = Extract<Layer, 'extension' | 'device' | 'line' | 'group'>

/** What each is called. */
export const OWNER_WORDS: Readonly<Record<OwnerLayer, string>> = {
  extension: 'extension',
  device: 'phone',
  line: 'line of phone',
  group: 'group',
}
export const OWNER_LAYERS = Object.keys(OWNER_WORDS) as OwnerLayer[]

/** Settings of one owner, as they are to be stored (secrets sealed). */
export interface SettingsChange {
  readonly layer: OwnerLayer
  readonly owner: Id
  readonly siteId: Id
  /** Number, MAC address or name, for messages. */
  readonly label: string
  /** Of the layer as it was read; 0: nothing was ever set. */
  readonly revision: number
  readonly set: ReadonlyMap<string, unknown>
  readonly unset: readonly string[]
}
