import type { Catalog } from '../catalog/catalog.js'
import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import type { Clock, Millis } from '../domain/clock.js'
import { AppError } from '../domain/errors.js'
import { Remembered } from '../domain/remembered.js'
import type { Log } from '../observe/log.js'
import { phonebookOf, type Phonebook } from '../phonebook/people.js'
import type { Vocabulary } from '../settings/vocabulary.js'
import type { DeviceRecord, ListedSnapshot, Snapshot } from '../snapshot/snapshot.js'
import { configFile, type ConfigFile, type ConfigResult } from './config-files.js'
import { deviceLayers } from './layers.js'
import { showsPhonebook } from './phonebook-view.js'
import type { Renderer } from './render.js'

/** Of the thread's time, a site whose people change all the while takes one part in so many for its phonebook. */
const SHARE = 20
/** Sites and vendors whose phonebooks are kept at least. */
const BOOKS_KEPT = 300

export interface PhonebookParts {
  readonly snapshot: ListedSnapshot
  readonly catalog: Pick<Catalog, 'model' | 'phonebook'>
  readonly vocabulary: Vocabulary
  readonly render: Renderer
}

/** The phonebook file of a phone; undefined: it is shown none. */
export interface PhonebookFiles {
  of(device: DeviceRecord): ConfigResult | undefined
}

/** A book as it was made last. */
interface Kept {
  version: object
  result: ConfigResult
  madeAt: Millis
  tookMs: number
}

/**
 * Phonebooks, made when one is asked for and people or settings have changed since, and kept: the same bytes for all
 * phones of a site that read the same form. While people change all the time (an import), a large one may be some
 * seconds old.
 */
export function createPhonebookFiles(parts: PhonebookParts & { clock: Clock; log: Log }): PhonebookFiles {
  const { snapshot, clock } = parts
  const books = new Remembered<Kept>(BOOKS_KEPT)
  return {
    of: (device) => {
      const found = phonebookFileOf(parts, device)
      if (!found) return undefined
      const id = `${device.siteId} ${found.file.template}`
      const kept = books.get(id)
      const now = clock.now()
      const version = snapshot.peopleVersion
      if (kept && (kept.version === version || now - kept.madeAt < kept.tookMs * SHARE)) return kept.result
      const result = made(parts, found, device.siteId, kept?.result, now)
      const madeAt = clock.now()
      books.set(id, { version, result, madeAt, tookMs: Math.max(0, madeAt - now) })
      return result
    },
  }
}

/** The file in which this phone reads its phonebook; undefined: its model reads none, or it is switched off. */
export function phonebookFileOf(
  { snapshot, catalog }: { snapshot: Snapshot; catalog: PhonebookParts['catalog'] },
  device: DeviceRecord,
): { model: PhoneModel; file: PhoneFile } | undefined {
  const model = catalog.model(device.model)
  const file = model && catalog.phonebook(model.model)
  return model && file && showsPhonebook(deviceLayers(snapshot, model, device)) ? { model, file } : undefined
}

/** The phonebook of a site in the form of a vendor, read back as the phones would. Throws as the renderer does. */
export function renderPhonebook(
  { snapshot, vocabulary, render }: Omit<PhonebookParts, 'catalog'>,
  { model, file }: { model: PhoneModel; file: PhoneFile },
  siteId: string,
): Uint8Array {
  const view: Phonebook = phonebookOf(snapshot, vocabulary, siteId)
  return render({ model, file, view, raw: NO_RAW }).body
}

const NO_RAW = new Map<string, never>()

function made(
  parts: Parameters<typeof createPhonebookFiles>[0],
  found: { model: PhoneModel; file: PhoneFile },
  siteId: string,
  before: ConfigResult | undefined,
  now: Millis,
): ConfigResult {
  const good: ConfigFile | undefined = before && before.kind !== 'failed' ? before.config : undefined
  try {
    const body = renderPhonebook(parts, found, siteId)
    return { kind: 'fresh', config: configFile(found.file, body, now, good) }
  } catch (error) {
    const reason = error instanceof AppError ? `${error.code}: ${error.message}` : 'internal error'
    parts.log.error({ site: siteId, err: error }, 'provisioning: a phonebook could not be rendered')
    return good ? { kind: 'last-good', config: good, reason } : { kind: 'failed', reason }
  }
}
