import { keyMeaning, layOutKeys, type KeyLayout, type KeyModel } from '../catalog/key-bank.js'
import { attachedModules, moduleRules, NO_MODULES, withModules, type AttachedModules } from '../catalog/key-modules.js'
import type { PhoneModel } from '../catalog/manifest.js'
import type { Id, LineKey } from '../domain/entities.js'
import { groupsOf } from '../snapshot/groups-of.js'
import type { DeviceRecord, ExtensionRecord, Snapshot } from '../snapshot/snapshot.js'
import { deviceLayers, setIn } from './layers.js'

/** Whose keys are laid onto a phone: the person on its first line. */
export function keyOwnerOf(snapshot: Snapshot, device: Pick<DeviceRecord, 'lines'>): ExtensionRecord | undefined {
  return snapshot.extension(device.lines[0]?.extensionId ?? '')
}

/** Keys that a phone gets because of its groups: those of the strongest first, and each key once. */
export function groupKeysOf(snapshot: Snapshot, device: Pick<DeviceRecord, 'groupId' | 'lines'>): readonly LineKey[] {
  const keysIn = (group: Id): readonly LineKey[] => snapshot.layer('group', group).keys ?? []
  const groups = groupsOf(snapshot, device, device.lines[0]?.extensionId)
  const [only] = groups
  if (only === undefined) return []
  if (groups.length === 1) return keysIn(only)
  const found = new Map<string, LineKey>()
  for (const group of groups.toReversed()) {
    for (const key of keysIn(group)) if (!found.has(keyMeaning(key))) found.set(keyMeaning(key), key)
  }
  return [...found.values()]
}

/** Accounts of a phone that are in use on a model, ascending. */
export function activeLinesOf(snapshot: Snapshot, model: KeyModel, { lines }: Pick<DeviceRecord, 'lines'>): number[] {
  const active = lines.filter(
    ({ position, extensionId }) => position <= model.lines && snapshot.extension(extensionId)?.enabled === true,
  )
  return active.map(({ position }) => position).sort((a, b) => a - b)
}

/** Expansion modules of a phone, by its settings and its own keys; `model`: its own, or another it might be changed for. */
export function modulesOn(snapshot: Snapshot, model: PhoneModel, device: DeviceRecord): AttachedModules {
  if (!moduleRules(model)) return NO_MODULES
  const layers = deviceLayers(snapshot, model, device)
  return attachedModules(
    model,
    { number: setIn(layers, 'keyModules'), type: setIn(layers, 'keyModuleType') },
    device.keys,
  )
}

/** The model with just the keys that this phone has. */
export function equippedModel(snapshot: Snapshot, model: PhoneModel, device: DeviceRecord): PhoneModel {
  return withModules(model, modulesOn(snapshot, model, device))
}

/** Where every key of a phone lands, as its file has it. @param model as `equippedModel` gives it */
export function layOutPhone(snapshot: Snapshot, model: KeyModel, device: DeviceRecord): KeyLayout {
  return layOutKeys(
    model,
    activeLinesOf(snapshot, model, device),
    keyOwnerOf(snapshot, device)?.keys ?? [],
    device.keys,
    groupKeysOf(snapshot, device),
  )
}
