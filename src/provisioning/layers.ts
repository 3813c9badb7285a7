import type { PhoneModel } from '../catalog/manifest.js'
import type { Line } from '../domain/entities.js'
import { resolveSettings, type LayerInput, type Resolved } from '../settings/resolve.js'
import { parseRawKey, phoneVocabulary, type Vocabulary } from '../settings/vocabulary.js'
import { groupsOf } from '../snapshot/groups-of.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'

const NOTHING: ReadonlyMap<string, unknown> = new Map()

/** The layers that bear on a device, weakest first; `extension` is the one on its first line. */
export function deviceLayers(snapshot: Snapshot, model: PhoneModel, device: DeviceRecord): LayerInput[] {
  const owner = device.lines[0]?.extensionId
  return [
    ...modelLayers(snapshot, model, device.siteId),
    ...groupsOf(snapshot, device, owner).map((group) => layer(snapshot, 'group', group)),
    ...(owner ? [layer(snapshot, 'extension', owner)] : []),
    layer(snapshot, 'device', device.id),
  ]
}

/** The layers of a file that is the same for every phone of a model. */
export function modelLayers(snapshot: Snapshot, model: PhoneModel, siteId: string): LayerInput[] {
  return [
    layer(snapshot, 'global', ''),
    layer(snapshot, 'site', siteId),
    layer(snapshot, 'vendor', model.family),
    layer(snapshot, 'model', model.model),
  ]
}

/** As `deviceLayers`, for one line: the groups and the layer of its own extension, and the line's on top. */
export function lineLayers(snapshot: Snapshot, model: PhoneModel, device: DeviceRecord, line: Line): LayerInput[] {
  return [
    ...modelLayers(snapshot, model, device.siteId),
    ...groupsOf(snapshot, device, line.extensionId).map((group) => layer(snapshot, 'group', group)),
    layer(snapshot, 'extension', line.extensionId),
    layer(snapshot, 'device', device.id),
    layer(snapshot, 'line', line.id),
  ]
}

/** What the strongest of these layers, weakest first, that has a setting says; undefined: none has it. Looks at nothing else. */
export function setIn(layers: readonly LayerInput[], key: string): unknown {
  return layers.findLast(({ values }) => values.has(key))?.values.get(key)
}

function layer(snapshot: Snapshot, name: LayerInput['layer'], owner: string): LayerInput {
  return { layer: name, owner, values: snapshot.layer(name, owner).values ?? NOTHING }
}

interface LayersResolved {
  vocabulary: Vocabulary
  /** Values of the layers that hold any; a layer that changes gets other values. */
  values: readonly LayerInput[]
  resolved: Resolved
}

const LAST_RESOLVED = new WeakMap<PhoneModel, LayersResolved>()

const TOLD_TO_PHONES = new WeakMap<LayerInput['values'], boolean>()

/** False for a layer that holds nothing a phone is told: everybody has a name, few have a ringing time of their own. */
function concernsPhones(vocabulary: Vocabulary, values: LayerInput['values']): boolean {
  if (values.size === 0) return false
  let found = TOLD_TO_PHONES.get(values)
  if (found === undefined) {
    found = [...values.keys()].some((key) => vocabulary.has(key) || parseRawKey(key) !== undefined)
    TOLD_TO_PHONES.set(values, found)
  }
  return found
}

/**
 * As `resolveSettings`, for what phones are told. Phones of a model mostly have the same settings, and then are given
 * the same object.
 */
export function resolveLayers(all: Vocabulary, model: PhoneModel, layers: readonly LayerInput[]): Resolved {
  const vocabulary = phoneVocabulary(all)
  const values = layers.filter((input) => concernsPhones(vocabulary, input.values))
  const last = LAST_RESOLVED.get(model)
  const isSame = last?.vocabulary === vocabulary && last.values.length === values.length
  if (isSame && values.every((input, index) => input.values === last.values[index]?.values)) return last.resolved
  const resolved = resolveSettings(vocabulary, values, model.family)
  LAST_RESOLVED.set(model, { vocabulary, values, resolved })
  return resolved
}
