import { layerTopic, type Change } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import type { Id, Layer, SettingValue } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Seen } from '../domain/revision.js'
import type { SecretBox } from '../secrets/seal.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SettingsStore } from './store.js'
import { MASKED } from './vocabulary.js'

export interface SettingsAdminParts {
  store: SettingsStore
  secrets: SecretBox
  clock: Clock
  /** The value as it is to be stored; throws SETTING_UNKNOWN, SETTING_LAYER_FORBIDDEN, SETTING_VALUE_INVALID. */
  checkSetting: (key: string, layer: Layer, value: unknown) => unknown
  /** True for settings that are sealed at rest. */
  isSecret: (key: string) => boolean
  /** The site in whose name changes are audited; absent: they concern all. */
  siteId?: Id | undefined
  /** What the caller has seen of the layer owner's values (`layer:owner`): changes to anything else are refused. */
  seen?: Seen | undefined
}

/** Whose value: '' for global, else the id of a site, vendor, model, group, extension, device or line. */
interface SettingPlace {
  layer: Layer
  owner: string
  key: string
}

/** What an operator may do with settings; the shipped defaults are not touched. */
export interface SettingsAdmin {
  /** The value as it would be stored, without storing it. Throws what `checkSetting` throws. */
  check(place: SettingPlace, value: unknown): unknown
  /** Returns the value as stored. Throws what `checkSetting` throws. */
  set(actor: string, place: SettingPlace, value: unknown): Promise<unknown>
  /** Several values of one owner at once, all or none; undefined goes back to what weaker layers say. Throws as `set`. */
  setAll(actor: string, of: Omit<SettingPlace, 'key'>, values: Readonly<Record<string, unknown>>): Promise<void>
  /** Back to what weaker layers say; false when nothing was set here. */
  unset(actor: string, place: SettingPlace): Promise<boolean>
  /** Values of one layer owner; secret ones as "[secret]". */
  list(layer: Layer, owner: string): Promise<SettingValue[]>
  /** Grows with each change of these values. */
  revision(layer: Layer, owner: string): Promise<number>
}

/** Layers that concern every site. */
export const SHARED_LAYERS: readonly Layer[] = ['global', 'vendor', 'model']

export function createSettingsAdmin(parts: SettingsAdminParts): SettingsAdmin {
  const { store, secrets, clock, checkSetting, isSecret, siteId, seen } = parts
  const shown = (key: string, value: unknown): unknown => (isSecret(key) && value !== null ? MASKED : value)
  const changeOf = (actor: string, action: string, { layer, owner, key }: SettingPlace): Change => ({
    author: { actor, at: clock.now() },
    action: `setting.${action}`,
    entity: 'setting',
    entityId: `${layer}:${owner}:${key}`,
    ...(siteId === undefined || SHARED_LAYERS.includes(layer) ? {} : { siteId }),
    feed: [layerTopic(layer, owner)],
  })
  const stored = (place: SettingPlace, value: unknown): unknown =>
    isSecret(place.key) && typeof value === 'string' && value !== ''
      ? secrets.seal(value, SEAL_CONTEXTS.settingValue(place.layer, place.owner, place.key))
      : value
  return {
    setAll: async (actor, of, values) => {
      const edits = Object.entries(values).map(([key, given]) => {
        const place = requirePlace({ ...of, key })
        const value = given === undefined ? undefined : checkSetting(key, of.layer, given)
        return { key, shown: value === undefined ? undefined : shown(key, value), value: stored(place, value) }
      })
      const shownOf = new Map(edits.map((edit) => [edit.key, edit.shown]))
      await store.setAll(
        of,
        edits.map(({ key, value }) => ({ key, value })),
        ({ key, value }, before) => ({
          ...changeOf(actor, value === undefined ? 'unset' : 'set', { ...of, key }),
          ...(before === undefined ? {} : { before: shown(key, before.value) }),
          ...(value === undefined ? {} : { after: shownOf.get(key) }),
        }),
        seen,
      )
    },
    check: (place, given) => {
      const { layer, key } = requirePlace(place)
      return checkSetting(key, layer, given)
    },
    set: async (actor, place, given) => {
      const { layer, owner, key } = requirePlace(place)
      const value = checkSetting(key, layer, given)
      await store.set(
        { layer, owner, key, value: stored(place, value) },
        (before) => ({
          ...changeOf(actor, 'set', place),
          ...(before === undefined ? {} : { before: shown(key, before.value) }),
          after: shown(key, value),
        }),
        seen,
      )
      return value
    },
    unset: (actor, place) =>
      store.unset(
        requirePlace(place),
        (before) => ({
          ...changeOf(actor, 'unset', place),
          before: shown(place.key, before.value),
        }),
        seen,
      ),
    revision: (layer, owner) => store.revision(layer, owner),
    list: async (layer, owner) =>
      (await store.values(layer, owner)).map((value) => ({ ...value, value: shown(value.key, value.value) })),
  }
}

function requirePlace(place: SettingPlace): SettingPlace {
  if ((place.layer === 'global') !== (place.owner === '')) {
    const what = place.layer === 'global' ? 'has no owner' : 'needs an owner'
    throw new AppError('SETTING_LAYER_FORBIDDEN', `layer ${place.layer} ${what}`, { field: place.key })
  }
  return place
}
