import { nameOfFile } from '../catalog/catalog.js'
import type { PhoneModel } from '../catalog/manifest.js'
import { AppError } from '../domain/errors.js'
import type { Turns } from '../domain/turns.js'
import { parseRawKey, phoneVocabulary } from '../settings/vocabulary.js'
import { isInGroup } from '../snapshot/groups-of.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'
import { likenessIn } from './alike.js'
import { withEdits, type LayerEdit } from './edits.js'
import { diffLines, type DiffLine } from './line-diff.js'
import { configNamesOf, previewFiles, type PreviewSources } from './preview.js'
import { restartsFor } from './restarts.js'
import { buildDeviceView, buildModelView, type ViewSources } from './view.js'

/** What saving some edits would do to phones. */
export interface Effect {
  /** Phones whose files would be others: these, and no others. */
  readonly changed: readonly DeviceRecord[]
  /** Phones that the layers bear on. */
  readonly reached: number
  /** The phones that change restart for it, as their makers say. */
  readonly restarts: boolean
  /** Phones whose files could not be made: they would keep the ones they have. */
  readonly failing: number
  /** Why, of one of them. */
  readonly failure?: string
  /** What would be different for one phone, secrets masked. */
  readonly sample?: EffectSample
}

export interface EffectSample {
  readonly device: DeviceRecord
  readonly files: readonly { readonly name: string; readonly diff: readonly DiffLine[] }[]
}

export interface EffectParts extends PreviewSources {
  readonly turns: Turns
  /** Phones looked at so far, of how many. */
  readonly onProgress?: (looked: number, of: number) => void
}

type Verdict = 'same' | 'changed' | { failure: string }

/**
 * Which phones' files would be others with these edits. Files are rendered for one of each sort of phones that
 * settings treat alike, before and after.
 */
export async function findEffect(
  parts: EffectParts,
  devices: Iterable<DeviceRecord>,
  edits: readonly LayerEdit[],
): Promise<Effect> {
  const { catalog, viewSources, turns, onProgress } = parts
  const told = edits.filter(({ key }) => parseRawKey(key) ?? phoneVocabulary(viewSources.vocabulary).has(key))
  const reaches = reachOf(told, (id) => catalog.model(id)?.family, viewSources.snapshot)
  const reached: DeviceRecord[] = []
  for (const device of devices) {
    await turns()
    if (device.state === 'approved' && reaches(device)) reached.push(device)
  }
  const likeness = likenessIn(viewSources.snapshot, viewSources.vocabulary)
  const edited = withEdits(viewSources, edits)
  const verdicts = new Map<string, Verdict>()
  const changed: DeviceRecord[] = []
  let [failing, looked] = [0, 0]
  let failure: string | undefined
  for (const device of reached) {
    await turns()
    looked += 1
    if (looked % 50 === 0) onProgress?.(looked, reached.length)
    const model = catalog.model(device.model)
    if (!model) continue
    const sort = likeness(model, device)
    const verdict = verdicts.get(sort) ?? (await verdictOn(parts, edited, model, device))
    verdicts.set(sort, verdict)
    if (verdict === 'changed') changed.push(device)
    else if (verdict !== 'same') {
      failing += 1
      failure ??= verdict.failure
    }
  }
  const sampled = changed[0] && (await sampleOf(parts, edited, changed[0]))
  return {
    changed,
    reached: reached.length,
    restarts: changed.length > 0 && edits.some(({ key }) => restartsFor(key)),
    failing,
    ...(failure === undefined ? {} : { failure }),
    ...(sampled === undefined ? {} : { sample: sampled }),
  }
}

/** Whom the layers of the edits bear on at all. */
function reachOf(
  edits: readonly LayerEdit[],
  familyOf: (model: string) => string | undefined,
  snapshot: Snapshot,
): (device: DeviceRecord) => boolean {
  const tests = edits.map(({ layer, owner }): ((device: DeviceRecord) => boolean) => {
    switch (layer) {
      case 'global':
        return () => true
      case 'site':
        // Common files are made for the first site, and given to all.
        return ({ siteId }) => siteId === owner || owner === snapshot.defaultSite().id
      case 'vendor':
        return ({ model }) => familyOf(model) === owner
      case 'model':
        return ({ model }) => model === owner
      case 'group':
        return (device) => isInGroup(snapshot, device, owner)
      case 'extension':
        return ({ lines }) => lines.some(({ extensionId }) => extensionId === owner)
      case 'device':
        return ({ id }) => id === owner
      case 'line':
        return ({ lines }) => lines.some(({ id }) => id === owner)
    }
  })
  return (device) => tests.some((isMeant) => isMeant(device))
}

/** Of a model that was not rendered before, each file takes some milliseconds: others have their turn after each. */
async function verdictOn(
  parts: EffectParts,
  edited: ViewSources,
  model: PhoneModel,
  device: DeviceRecord,
): Promise<Verdict> {
  const { catalog, viewSources, turns } = parts
  for (const file of catalog.files(model.model)) {
    if (file.expectedMiss || nameOfFile(model, file, device.mac) === undefined) continue
    try {
      const after = bytesOf(parts, edited, model, file, device)
      await turns()
      const before = bytesOf(parts, viewSources, model, file, device)
      await turns()
      if (!isSame(before, after)) return 'changed'
    } catch (error) {
      return { failure: error instanceof AppError ? error.message : 'internal error' }
    }
  }
  return 'same'
}

function bytesOf(
  { render, serverAddress }: EffectParts,
  sources: ViewSources,
  model: PhoneModel,
  file: ReturnType<EffectParts['catalog']['files']>[number],
  device: DeviceRecord,
): Uint8Array {
  const server = serverAddress()
  const { view, raw } =
    file.scope === 'device' ? buildDeviceView(sources, model, device, server) : buildModelView(sources, model, server)
  return render({ model, file, view, raw }).body
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0
}

async function sampleOf(parts: EffectParts, edited: ViewSources, device: DeviceRecord): Promise<EffectSample> {
  const files: EffectSample['files'][number][] = []
  for (const name of configNamesOf(parts.catalog, device)) {
    const textOf = async (viewSources: ViewSources): Promise<string> => {
      await parts.turns()
      return previewFiles({ ...parts, viewSources }, device, { wanted: name })[0]?.text ?? ''
    }
    const [before, after] = [await textOf(parts.viewSources), await textOf(edited)]
    await parts.turns()
    const diff = diffLines(before, after)
    if (diff.length > 0) files.push({ name, diff })
  }
  return { device, files }
}
