import type { EffectJob } from '../provisioning/effect-jobs.js'
import type { LayerEdit } from '../provisioning/edits.js'
import type { Layer } from '../domain/entities.js'
import { ownerId, requireMayChange } from './settings-place.js'
import type { Call } from './route.js'

/** A setting of a layer owner as a request names it. */
export interface NamedSetting {
  layer: Layer
  /** By name, see settings-place.ts. */
  owner: string
  key: string
}

/** A request waits so long for an answer; then it is told how far it is. */
export const EFFECT_PATIENCE_MS = 700
/** Phones that are to be told wait for the whole answer, however long that takes. */
const WHOLE_MS = 600_000

/** The edit that a request means, checked as if it were saved: throws what SettingsAdmin.set throws, and FORBIDDEN. */
export async function editOf(call: Call, { layer, owner, key }: NamedSetting, value: unknown): Promise<LayerEdit> {
  requireMayChange(call, layer)
  const id = await ownerId(call.parts, call.use, call.site.id, layer, owner)
  if (value === undefined) return { layer, owner: id, key }
  return { layer, owner: id, key, value: call.use.settings.check({ layer, owner: id, key }, value) }
}

export function askEffect(call: Call, edits: readonly LayerEdit[], patienceMs = WHOLE_MS): Promise<EffectJob> {
  return call.parts.effects.ask(call.by.actor, call.site.id, edits, patienceMs)
}

/**
 * Saves a value, or takes it away (undefined). With `resync` the phones whose files it changes are asked to fetch them:
 * what changes is worked out before, so that it is these phones and no others. Returns how many were asked.
 */
export async function saveSetting(call: Call, named: NamedSetting, value: unknown, resync: boolean): Promise<number> {
  const { by, use, parts } = call
  const edit = await editOf(call, named, value)
  const { effect } = resync ? await askEffect(call, [edit]) : {}
  if (value === undefined) await use.settings.unset(by.actor, edit)
  else await use.settings.set(by.actor, edit, value)
  if (!effect) return 0
  await parts.refresh()
  return (await parts.resync.ask(by.actor, effect.changed, 'resync')).length
}

/** As `saveSetting` for several values of one owner, all or none; undefined takes one away. */
export async function saveSettings(
  call: Call,
  { layer, owner }: Omit<NamedSetting, 'key'>,
  values: Readonly<Record<string, unknown>>,
  resync: boolean,
): Promise<number> {
  const { by, use, parts, site } = call
  requireMayChange(call, layer)
  const id = await ownerId(parts, use, site.id, layer, owner)
  const edits = Object.entries(values).map(([key, value]): LayerEdit => ({
    ...{ layer, owner: id, key },
    ...(value === undefined ? {} : { value: use.settings.check({ layer, owner: id, key }, value) }),
  }))
  const { effect } = resync && edits.length > 0 ? await askEffect(call, edits) : {}
  await use.settings.setAll(by.actor, { layer, owner: id }, values)
  if (!effect || effect.changed.length === 0) return 0
  await parts.refresh()
  return (await parts.resync.ask(by.actor, effect.changed, 'resync')).length
}
