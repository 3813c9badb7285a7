import type { Change } from '../database/change.js'
import type { Layer, SettingValue } from '../domain/entities.js'

/** The operator's values; secret ones are sealed text. Each call may throw DATABASE_UNUSABLE. */
export interface SettingsStore {
  /** Values of one layer owner, by key. */
  values(layer: Layer, owner: string): Promise<SettingValue[]>
  /** Every value of every layer. */
  all(): Promise<SettingValue[]>
  /** Writes the value, grows the layer's revision, and leaves audit and feed; `change` gets the value before. */
  set(value: SettingValue, change: (before: SettingValue | undefined) => Change): Promise<void>
  /** As `set`; false when there was no value. */
  unset(which: { layer: Layer; owner: string; key: string }, change: (before: SettingValue) => Change): Promise<boolean>
}
