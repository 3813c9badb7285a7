import { layOutKeys, type KeyLayout, type KeyModel } from '../catalog/key-bank.js'
import { attachedModules, moduleRules, NO_MODULES, withModules, type AttachedModules } from '../catalog/key-modules.js'
import type { PhoneModel } from '../catalog/manifest.js'
import type { LineKey } from '../domain/entities.js'
import type { DeviceRecord, ExtensionRecord, Snapshot } from '../snapshot/snapshot.js'
import { deviceLayers } from './layers.js'

/** Whose keys are laid onto a phone: the person on its first line. */
export function keyOwnerOf(snapshot: Snapshot, device: Pick<DeviceRecord, 'lines'>): ExtensionRecord | undefined {
  return snapshot.extension(device.lines[0]?.extensionId ?? '')
}

/** Keys that a phone gets because of its group. */
export function groupKeysOf(snapshot: Snapshot, { groupId }: Pick<DeviceRecord, 'groupId'>): readonly LineKey[] {
  return groupId === undefined ? [] : (snapshot.layer('group', groupId).keys ?? [])
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
  const set = (key: string): unknown => layers.findLast(({ values }) => values.has(key))?.values.get(key)
  return attachedModules(model, { number: set('keyModules'), type: set('keyModuleType') }, device.keys)
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
