import type { Change } from '../database/change.js'
import type { Layer, SettingValue } from '../domain/entities.js'
import type { Seen } from '../domain/revision.js'

/** The operator's values; secret ones are sealed text. Each call may throw DATABASE_UNUSABLE. */
export interface SettingsStore {
  /** Values of one layer owner, by key. */
  values(layer: Layer, owner: string): Promise<SettingValue[]>
  /** Every value of every layer. */
  all(): Promise<SettingValue[]>
  /** Grows by one with each change of the layer owner's values; 0 before the first. */
  revision(layer: Layer, owner: string): Promise<number>
  /** Writes the value, grows the layer's revision, and leaves audit and feed; `change` gets the value before. With
   * `seen`, whose id is `layer:owner`, another revision is refused with REVISION_CONFLICT. */
  set(value: SettingValue, change: (before: SettingValue | undefined) => Change, seen?: Seen): Promise<void>
  /** As `set` for several values of one owner at once; `value: undefined` takes one away. `change` is asked for each that
   * is there to take away or to set. */
  setAll(
    of: { layer: Layer; owner: string },
    edits: readonly { key: string; value: unknown }[],
    change: (edit: { key: string; value: unknown }, before: SettingValue | undefined) => Change,
    seen?: Seen,
  ): Promise<void>
  /** As `set`; false when there was no value. */
  unset(
    which: { layer: Layer; owner: string; key: string },
    change: (before: SettingValue) => Change,
    seen?: Seen,
  ): Promise<boolean>
}

/** What one owner of a layer says, by key. */
export async function layerValues(
  store: Pick<SettingsStore, 'values'>,
  layer: Layer,
  owner: string,
): Promise<ReadonlyMap<string, unknown>> {
  return new Map((await store.values(layer, owner)).map(({ key, value }) => [key, value]))
}
