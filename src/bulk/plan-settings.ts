import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { Sealed } from '../domain/secret.js'
import type { LayerValues } from '../snapshot/snapshot.js'
import type { SettingsChange } from './settings-change.js'
import type { SettingOwner } from './columns.js'
import { sameLines, sameText } from './damage.js'
import type { PlanParts } from './plan-parts.js'
import type { FieldChange } from './report.js'
import { CLEARED } from './row-cells.js'

type Owner = Pick<SettingsChange, 'layer' | 'owner' | 'siteId' | 'label'>
type SettingsParts = Pick<PlanParts, 'strategy' | 'secrets' | 'isSecret'>

/** What a file says of one owner's settings. */
export interface GivenSettings {
  readonly settings: ReadonlyMap<string, unknown>
  /** Names whose cells are empty; overwriting takes these away. */
  readonly empty: ReadonlySet<string>
}

/** Settings that differ from what is stored; undefined: none. */
export function changedSettings(
  of: Owner,
  { settings, empty }: GivenSettings,
  { revision, values }: LayerValues,
  parts: SettingsParts,
): SettingsChange | undefined {
  const set = new Map<string, unknown>()
  for (const [key, value] of settings) {
    if (isStored(values.get(key), value, key, of, parts)) continue
    const isSecret = parts.isSecret(key) && typeof value === 'string' && value !== ''
    set.set(key, isSecret ? parts.secrets.seal(value, SEAL_CONTEXTS.settingValue(of.layer, of.owner, key)) : value)
  }
  const unset = parts.strategy === 'overwrite' ? [...empty].filter((key) => values.has(key)) : []
  return set.size + unset.length === 0 ? undefined : { ...of, revision, set, unset }
}

function isStored(
  stored: unknown,
  value: unknown,
  key: string,
  { layer, owner }: Owner,
  parts: SettingsParts,
): boolean {
  if (stored === undefined) return false
  if (parts.isSecret(key) && typeof stored === 'string' && typeof value === 'string' && stored !== '') {
    return parts.secrets.open(stored as Sealed, SEAL_CONTEXTS.settingValue(layer, owner, key)).reveal() === value
  }
  // Blanks at the ends are meant, where a text may have them.
  if (typeof stored === 'string' && typeof value === 'string')
    return stored.trim() === stored ? sameText(stored, value) : sameLines(stored, value)
  return JSON.stringify(stored) === JSON.stringify(value)
}

/** Of names of empty columns those of settings of a phone, line or group, without what they are of. */
export function ownedNames(empty: Iterable<string>, of: SettingOwner): Set<string> {
  const start = `${of}.`
  return new Set([...empty].flatMap((name) => (name.startsWith(start) ? name.slice(start.length) : [])))
}

/** Without a first name that is the whole name of somebody who was never given two: other products have no other place for it. */
export function withoutWholeName<Value>(
  settings: ReadonlyMap<string, Value>,
  name: string | undefined,
  stored: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, Value> {
  const first = settings.get('firstName')
  const isWhole = typeof first === 'string' && !settings.has('lastName') && sameText(name, first)
  if (!isWhole || stored.has('firstName') || stored.has('lastName')) return settings
  return new Map([...settings].filter(([key]) => key !== 'firstName'))
}

/** In place of what nobody is to read. */
export const HIDDEN = '•••'

export function changeOf(field: string, before: string | undefined, after: string | undefined): FieldChange[] {
  if (before === after) return []
  return [{ field, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }]
}

/** As previews show them; names of settings that are not a person's get what they are of before them: `phone.language`. */
export function settingChanges(
  { set, unset }: Pick<SettingsChange, 'set' | 'unset'>,
  { values }: LayerValues,
  parts: Pick<PlanParts, 'isSecret'>,
  prefix = '',
): FieldChange[] {
  const shown = (key: string, value: unknown): string | undefined => {
    if (value === undefined) return undefined
    return parts.isSecret(key) ? HIDDEN : settingText(value)
  }
  return [
    ...[...set].map(([key, value]) => {
      const before = shown(key, values.get(key))
      return { field: `${prefix}${key}`, ...(before === undefined ? {} : { before }), after: shown(key, value) ?? '' }
    }),
    ...unset.map((key) => ({ field: `${prefix}${key}`, before: shown(key, values.get(key)) ?? '' })),
  ]
}

/** A value as a cell holds it. */
export function settingText(value: unknown): string {
  if (value === null || value === '') return CLEARED
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
