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

/** A book made in less is made at once; one that takes longer, a site of a thousand people, when nothing else is to be done. */
const BRIEF_MS = 30
/** Of the thread's time, a site whose people change all the while takes one part in so many for a large book. */
const SHARE = 20
/** Older than that a large book is made at once all the same. */
const MOST_STALE_MS = 60_000
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
  tookMs: number
  /** Since when it waits to be made anew. */
  waitsSince?: Millis
}

/**
 * Phonebooks, made when one is asked for and people or settings have changed since, and kept: the same bytes for all
 * phones of a site that read the same form. A large one is made in spare time, and is some seconds old meanwhile.
 */
export class PhonebookShelf implements PhonebookFiles {
  readonly #books = new Remembered<Kept>(BOOKS_KEPT)
  readonly #waiting = new Map<string, () => void>()

  constructor(private readonly parts: PhonebookParts & { clock: Clock; spareTime: Pick<Clock, 'after'>; log: Log }) {}

  of(device: DeviceRecord): ConfigResult | undefined {
    const { snapshot, clock } = this.parts
    const found = phonebookFileOf(this.parts, device)
    if (!found) return undefined
    const id = `${device.siteId} ${found.file.template}`
    const kept = this.#books.get(id)
    if (kept?.version === snapshot.peopleVersion) return kept.result
    if (!kept || kept.tookMs < BRIEF_MS) return this.#make(id, found, device.siteId, kept)
    kept.waitsSince ??= clock.now()
    if (clock.now() - kept.waitsSince > MOST_STALE_MS) return this.#make(id, found, device.siteId, kept)
    this.#makeLater(id, found, device.siteId, kept)
    return kept.result
  }

  /** Makes none in spare time any more. */
  stop(): void {
    for (const cancel of this.#waiting.values()) cancel()
    this.#waiting.clear()
  }

  #makeLater(id: string, found: Found, siteId: string, kept: Kept): void {
    if (this.#waiting.has(id)) return
    const make = (): void => {
      this.#make(id, found, siteId, kept)
    }
    this.#waiting.set(id, this.parts.spareTime.after(kept.tookMs * SHARE, make))
  }

  #make(id: string, found: Found, siteId: string, before: Kept | undefined): ConfigResult {
    const { snapshot, clock } = this.parts
    this.#waiting.get(id)?.()
    this.#waiting.delete(id)
    const begin = clock.now()
    const version = snapshot.peopleVersion
    const result = made(this.parts, found, siteId, before?.result, begin)
    this.#books.set(id, { version, result, tookMs: Math.max(0, clock.now() - begin) })
    return result
  }
}

interface Found {
  model: PhoneModel
  file: PhoneFile
}

/** The file in which this phone reads its phonebook; undefined: its model reads none, or it is switched off. */
export function phonebookFileOf(
  { snapshot, catalog }: { snapshot: Snapshot; catalog: PhonebookParts['catalog'] },
  device: DeviceRecord,
): Found | undefined {
  const model = catalog.model(device.model)
  const file = model && catalog.phonebook(model.model)
  return model && file && showsPhonebook(deviceLayers(snapshot, model, device)) ? { model, file } : undefined
}

/** The phonebook of a site in the form of a vendor, read back as the phones would. Throws as the renderer does. */
export function renderPhonebook(
  { snapshot, vocabulary, render }: Omit<PhonebookParts, 'catalog'>,
  { model, file }: Found,
  siteId: string,
): Uint8Array {
  const view: Phonebook = phonebookOf(snapshot, vocabulary, siteId)
  return render({ model, file, view, raw: NO_RAW }).body
}

const NO_RAW = new Map<string, never>()

function made(
  parts: PhonebookParts & { log: Log },
  found: Found,
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
