import type { Catalog } from '../catalog/catalog.js'
import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import type { Clock, Millis } from '../domain/clock.js'
import { sha256Hex } from '../domain/fingerprint.js'
import type { Turns } from '../domain/turns.js'
import type { Log } from '../observe/log.js'
import type { DeviceRecord, ListedSnapshot } from '../snapshot/snapshot.js'
import type { FilesAhead } from './config-files.js'
import type { ServerAddress } from './file-view.js'
import type { StoredFiles, StoringWork } from './stored-files.js'

/** Work in one go, and the pause after it: a fifth of one core at most. In milliseconds. */
const SLICE_MS = 2
const PAUSE_MS = 8
/** Written to disk after so many. */
const FLUSH_EVERY = 500
/** Changes come in rows; what is rendered between two of them is of no use. */
const SETTLE_MS = 2_000
/** Addresses phones are told at a time: mostly one. */
const MOST_ADDRESSES = 4
/** Files looked at in a slice that were all there. */
const MOST_LOOKED_AT = 200
/** Taken into memory after a start at most: half of what the cache of files holds, and what fits into this time. */
const MOST_RECALLED_BYTES = 64 * 1024 * 1024
const MOST_RECALL_MS: Millis = 2_000
/** Under which the addresses are stored that phones were told. */
const ADDRESSES = { id: 'addresses that phones were told', digest: sha256Hex('addresses'), kind: 'addresses' }

export interface RenderAheadParts {
  readonly snapshot: Pick<ListedSnapshot, 'allDevices'>
  readonly catalog: Pick<Catalog, 'model' | 'files'>
  readonly files: FilesAhead
  readonly store: StoringWork & Pick<StoredFiles, 'find' | 'put'>
  readonly clock: Pick<Clock, 'now'>
  readonly spareTime: Pick<Clock, 'after'>
  readonly log: Log
}

interface Due {
  readonly model: PhoneModel
  readonly file: PhoneFile
  readonly device?: DeviceRecord
  readonly server: ServerAddress
}

/**
 * Renders what phones will ask for after a start and after each change, and stores it, in small slices while nothing
 * else is to be done. Only for addresses that phones have been told: the address stands in the files.
 */
export class RenderAhead {
  readonly #parts: RenderAheadParts
  readonly #servers = new Map<string, ServerAddress>()
  #lastHost = ''
  /** What is still to be looked at; undefined: all was. */
  #due: Iterator<Due> | undefined
  /** Seen since the last change. */
  #ids = new Set<string>()
  #cancel: (() => void) | undefined
  #stored = 0
  #stopped = false

  constructor(parts: RenderAheadParts) {
    this.#parts = parts
  }

  /** A phone is told this address. Costs next to nothing when it is the one told last. */
  told(server: ServerAddress): ServerAddress {
    if (server.host === this.#lastHost) return server
    this.#lastHost = server.host
    if (this.#servers.size < MOST_ADDRESSES && !this.#servers.has(server.host)) {
      this.#servers.set(server.host, server)
      const body = Buffer.from(JSON.stringify([...this.#servers.values()]))
      this.#parts.store.put({ ...ADDRESSES, body, lastModified: this.#parts.clock.now() })
      this.changed()
    }
    return server
  }

  /**
   * Takes into memory what was stored before the start for the addresses that phones were told then: after a power cut all
   * of them ask at once. Never rejects.
   */
  async recall(turns: Turns): Promise<void> {
    const { clock, files, store, log } = this.#parts
    const addresses = store.find(ADDRESSES.id, ADDRESSES.digest)?.body
    if (!addresses) return
    const until = clock.now() + MOST_RECALL_MS
    const taken = { files: 0, bytes: 0 }
    // Sealed by this very program: it is as it was written.
    const servers = JSON.parse(Buffer.from(addresses).toString()) as ServerAddress[]
    for (const { model, file, device, server } of this.#all(servers)) {
      const turn = turns()
      if (turn) await turn
      if (this.#stopped || clock.now() > until || taken.bytes > MOST_RECALLED_BYTES) break
      const bytes = files.recall(model, file, device, server)
      if (bytes > 0) taken.files += 1
      taken.bytes += bytes
    }
    log.debug(taken, 'files of before the start are in memory')
  }

  /** Something changed: looks at all files again, once it has settled. */
  changed(): void {
    this.#due = undefined
    this.#ids = new Set()
    if (this.#servers.size === 0) return
    this.#cancel?.()
    this.#later(SETTLE_MS, () => {
      this.#due = this.#all(this.#servers.values())
      this.#slice()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  #later(delayMs: number, run: () => void): void {
    if (!this.#stopped) this.#cancel = this.#parts.spareTime.after(delayMs, run)
  }

  #slice(): void {
    const { clock, store } = this.#parts
    const until = clock.now() + SLICE_MS
    let looked = 0
    do {
      if (store.storeNext()) {
        this.#stored += 1
        if (this.#stored % FLUSH_EVERY === 0) void store.flush()
      } else if (!this.#next()) {
        void store.flush()
        return
      }
      looked += 1
    } while (clock.now() < until && looked < MOST_LOOKED_AT)
    this.#later(PAUSE_MS, () => this.#slice())
  }

  /** @returns false when all is done */
  #next(): boolean {
    const next = this.#due?.next()
    if (!next || next.done) {
      if (this.#due) {
        this.#parts.log.info({ files: this.#ids.size }, 'files of all phones are ready')
        this.#parts.store.retain(this.#ids.add(ADDRESSES.id))
      }
      this.#due = undefined
      return false
    }
    const { model, file, device, server } = next.value
    this.#ids.add(this.#parts.files.prepare(model, file, device, server).id)
    return true
  }

  *#all(servers: Iterable<ServerAddress>): Generator<Due> {
    const { snapshot, catalog } = this.#parts
    const models = new Set<PhoneModel>()
    for (const server of servers) {
      for (const device of snapshot.allDevices()) {
        const model = device.state === 'approved' ? catalog.model(device.model) : undefined
        if (!model) continue
        models.add(model)
        for (const file of filesOf(catalog, model)) {
          if (file.scope === 'device') yield { model, file, device, server }
        }
      }
      for (const model of models) {
        for (const file of filesOf(catalog, model)) if (file.scope !== 'device') yield { model, file, server }
      }
    }
  }
}

function filesOf(catalog: Pick<Catalog, 'files'>, { model }: PhoneModel): PhoneFile[] {
  return catalog.files(model).filter(({ template, expectedMiss }) => template !== undefined && !expectedMiss)
}
