import type { Knex } from 'knex'
import { parseEndedRegistration, parseLayerKey, type EndedRegistration, type FeedTopic } from '../../database/change.js'
import { toSite, type SiteRow } from '../../database/edge/rows.js'
import type { Databases } from '../../database/edge/connect.js'
import { isOutage } from '../../database/edge/write.js'
import type { Clock } from '../../domain/clock.js'
import { Every } from '../../domain/every.js'
import type { Id } from '../../domain/entities.js'
import type { Turns } from '../../domain/turns.js'
import type { Log } from '../../observe/log.js'
import { MemorySnapshot } from '../memory-snapshot.js'
import type { ListedSnapshot } from '../snapshot.js'
import { loadSnapshot, readLayer, type LoadedSnapshot } from './load-snapshot.js'
import { readDevices, readExtensions } from './read-records.js'
import { withShortCollections } from './short-collections.js'

/** What the snapshot now shows differently. `everything`: it was loaded anew, the lists are empty. */
export interface SnapshotChange {
  readonly everything: boolean
  readonly sites: readonly Id[]
  readonly extensions: readonly Id[]
  readonly devices: readonly Id[]
  /** `layer:owner`, as in the change feed. */
  readonly layers: readonly string[]
  /** Registrations to be thrown out; left out: none. */
  readonly ended?: readonly EndedRegistration[]
}

export interface SnapshotFeedOptions {
  databases: Pick<Databases, 'main' | 'apart'>
  clock: Clock
  log: Log
  /** How often the change feed is asked; default 250 ms. */
  pollMs?: number
  /** Asked between small pieces of loading everything anew: phones have their turn. The first load asks nobody. */
  turns?: Turns
}

export interface SnapshotFeed {
  readonly snapshot: ListedSnapshot
  /** Calls `listener` after each change was put in; the function returned ends that. */
  readonly onChange: (listener: (change: SnapshotChange) => void) => () => void
  /** Looks now instead of at the next poll. Rejects when the database does not answer. */
  refresh(): Promise<void>
  /** Waits for a poll under way, and ends one that loads everything; the snapshot stays readable. */
  stop(): Promise<void>
}

const POLL_MS = 250
/** More records than this are cheaper to load with everything else. */
const RELOAD_ABOVE = 300
const KEEP_FEED_MS = 86_400_000
const PRUNE_EVERY_MS = 3_600_000

/**
 * Loads the snapshot and keeps it up to date, whichever process changes the database. While the database is gone or
 * locked the old snapshot stays, which is logged once. Rejects only when the first load fails.
 */
export async function startSnapshotFeed(options: SnapshotFeedOptions): Promise<SnapshotFeed> {
  const reader = new FeedReader(options)
  await reader.loadAll()
  reader.schedule()
  return reader
}

class FeedReader implements SnapshotFeed {
  readonly snapshot = new MemorySnapshot()
  readonly #options: SnapshotFeedOptions
  readonly #listeners = new Set<(change: SnapshotChange) => void>()
  #feedId = 0
  #busy: Promise<unknown> = Promise.resolve()
  #cancel: () => void = () => undefined
  #stopped = false
  #failing = false
  readonly #pruning: Every

  constructor(options: SnapshotFeedOptions) {
    this.#options = options
    this.#pruning = new Every(options.clock, PRUNE_EVERY_MS)
  }

  readonly onChange = (listener: (change: SnapshotChange) => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Readers see nothing of it before it is there as a whole; what is changed meanwhile comes with the next poll. */
  async loadAll(turns?: Turns): Promise<void> {
    const { databases } = this.#options
    const ask = turns && ((): ReturnType<Turns> => (this.#stopped ? Promise.reject(stopping()) : turns()))
    const load = (db: Knex): Promise<LoadedSnapshot> => loadSnapshot(db, ask)
    const { content, feedId } = await (turns ? withShortCollections(() => databases.apart(load)) : load(databases.main))
    this.snapshot.adopt(content)
    this.#feedId = feedId
  }

  schedule(): void {
    if (this.#stopped) return
    this.#cancel = this.#options.clock.after(this.#options.pollMs ?? POLL_MS, () => {
      void this.#pollAndReport().then(() => this.schedule())
    })
  }

  refresh(): Promise<void> {
    const next = this.#busy.then(() => this.#poll())
    this.#busy = next.catch(() => undefined)
    return next
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#busy
  }

  async #pollAndReport(): Promise<void> {
    const { log } = this.#options
    try {
      await this.refresh()
      if (this.#failing) log.info({ ...this.snapshot.counts() }, 'database answers again')
      this.#failing = false
    } catch (error) {
      if (this.#failing || this.#stopped) return
      this.#failing = true
      const message = 'database does not answer: phones are served from memory until it is back'
      if (isOutage(error)) log.warn({ err: error }, message)
      else log.error({ err: error }, message)
    }
  }

  async #poll(): Promise<void> {
    const { databases, clock, turns } = this.#options
    const db = databases.main
    // The last row seen is asked for again: when it is missing, rows after it may be missing too.
    const rows = (await db('change_feed')
      .where('id', '>=', this.#feedId)
      .orderBy('id')
      .limit(2 * RELOAD_ABOVE)
      .select('id', 'topic', 'key')) as ({ id: number } & FeedTopic)[]
    const newest = rows.at(-1)
    if (newest?.id !== this.#feedId || rows[0]?.id !== this.#feedId) {
      const behind = rows[0]?.id !== this.#feedId || rows.length === 2 * RELOAD_ABOVE
      const change = behind ? undefined : await this.#replace(rows.slice(1))
      if (change && newest) this.#feedId = newest.id
      else await this.loadAll(turns)
      const told = change ?? { everything: true, sites: [], extensions: [], devices: [], layers: [] }
      for (const listener of this.#listeners) listener(told)
    }
    if (this.#pruning.isDue()) await pruneChangeFeed(db, clock.now() - KEEP_FEED_MS)
  }

  /** Reads the records named and puts them in; undefined when everything must be loaded. */
  async #replace(topics: readonly FeedTopic[]): Promise<SnapshotChange | undefined> {
    const keysOf = (wanted: FeedTopic['topic']): string[] => [
      ...new Set(topics.filter(({ topic }) => topic === wanted).map(({ key }) => key)),
    ]
    const [sites, extensions, devices, layerKeys] = [
      keysOf('site'),
      keysOf('extension'),
      keysOf('device'),
      keysOf('layer'),
    ] as const
    const layers = layerKeys.filter((key) => parseEndedRegistration(key) === undefined)
    const ended = layerKeys.flatMap((key) => parseEndedRegistration(key) ?? [])
    const records = sites.length + extensions.length + devices.length + layers.length
    if (keysOf('all').length > 0 || records > RELOAD_ABOVE) return undefined
    const db = this.#options.databases.main
    // All is read before anything is put in: a reader never sees half a change because the database went away.
    const siteRows: SiteRow[] = sites.length > 0 ? await db('sites').whereIn('id', sites) : []
    const extensionRecords = extensions.length > 0 ? await readExtensions(db, (q) => q.whereIn('id', extensions)) : []
    const deviceRecords = devices.length > 0 ? await readDevices(db, (q) => q.whereIn('id', devices)) : []
    const layerValues: Parameters<typeof content.putLayer>[] = []
    for (const key of layers) {
      const { layer, owner } = parseLayerKey(key)
      layerValues.push([layer, owner, await readLayer(db, layer, owner)])
    }
    const content = this.snapshot.content
    for (const id of sites) content.removeSite(id)
    for (const id of extensions) content.removeExtension(id)
    for (const id of devices) content.removeDevice(id)
    for (const row of siteRows) content.putSite(toSite(row))
    for (const record of extensionRecords) content.putExtension(record)
    for (const record of deviceRecords) content.putDevice(record)
    for (const values of layerValues) content.putLayer(...values)
    return { everything: false, sites, extensions, devices, layers, ...(ended.length > 0 ? { ended } : {}) }
  }
}

const stopping = (): Error => new Error('the server stops: what was changed is loaded by its next start')

/** Removes feed rows older than `before`, in chunks; the newest row always stays. Returns how many went. */
export async function pruneChangeFeed(db: Knex, before: number): Promise<number> {
  let removed = 0
  for (;;) {
    const [newest] = (await db('change_feed').max({ id: 'id' })) as { id: number | null }[]
    const ids = (await db('change_feed')
      .where('at', '<', before)
      .where('id', '<', newest?.id ?? 0)
      .orderBy('id')
      .limit(500)
      .pluck('id')) as number[]
    if (ids.length === 0) return removed
    removed += await db('change_feed').whereIn('id', ids).delete()
  }
}
