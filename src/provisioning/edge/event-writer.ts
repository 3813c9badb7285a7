import type { Knex } from 'knex'
import type { Databases } from '../../database/edge/connect.js'
import { chunks, isOutage, isPostgres } from '../../database/edge/write.js'
import type { Clock } from '../../domain/clock.js'
import { Every } from '../../domain/every.js'
import { steadyClock } from '../../domain/edge/system-clock.js'
import type { Outcome, ProvisioningEvent } from '../../domain/entities.js'
import { PatientTime } from '../../domain/patient-time.js'
import type { Log } from '../../observe/log.js'
import { REPEAT_MS, RepeatedEvents } from '../repeated-events.js'
import type { StrangerRow } from './event-reads.js'
import { insertEvents } from './event-rows.js'

/**
 * Writes provisioning events in batches, off the path of the requests. What a phone asks again within a minute is
 * counted (see RepeatedEvents); a crash may lose that count, never the first of them.
 */
export interface EventWriter {
  /** Never throws and never waits. */
  record(event: ProvisioningEvent): void
  /** Events and strangers that were let go because too many waited. */
  readonly dropped: number
  /** Writes what waits, now. Rejects when the database does not take it; it waits on then. */
  flush(): Promise<void>
  /** Removes what is older (unless the date is in doubt) or more than is kept; returns how many rows went. */
  prune(options?: { byAge: boolean }): Promise<number>
  /** Writes what is left, if the database takes it. */
  stop(): Promise<void>
}

export interface EventWriterOptions {
  databases: Pick<Databases, 'events'>
  clock: Clock
  /** Default: the one of this process. */
  steady?: Pick<Clock, 'now'>
  log: Log
  /** Days an event is kept; default 30. */
  retentionDays?: number | undefined
  /** Rows kept at most; default 1,000,000. */
  retentionRows?: number | undefined
  /** Events that may wait for the database; default 50,000. */
  capacity?: number | undefined
}

const GATHER_MS = 500
const RETRY_MS = 5_000
const BATCH = 2_000
const PRUNE_EVERY_MS = 3_600_000
const PRUNE_CHUNK = 500
const STRANGERS_WAITING = 5_000
const STRANGERS_KEPT = 20_000
const DAY_MS = 86_400_000
/** Anybody who knows a MAC can be refused as that phone: more such rows a minute would push its history out. */
const UNTRUSTED_ROWS_PER_MINUTE = 60
const MINUTE_MS = 60_000
const TEXT_MAX = 512

/** Refusals; of a request that no phone of ours can be named for, only the count per source is kept. */
const REFUSED: ReadonlySet<Outcome> = new Set(['unknown-file', 'unknown-device', 'untrusted', 'refused-upload'])

export function createEventWriter(options: EventWriterOptions): EventWriter {
  return new BatchWriter(options)
}

class BatchWriter implements EventWriter {
  dropped = 0
  readonly #db: Knex
  readonly #clock: Clock
  readonly #time: PatientTime
  readonly #log: Log
  readonly #limits: { days: number; rows: number; capacity: number }
  #events: ProvisioningEvent[] = []
  readonly #repeated = new RepeatedEvents()
  readonly #keep = (event: ProvisioningEvent): void => {
    if (this.#events.length < this.#limits.capacity) this.#events.push(event)
    else this.dropped += event.times ?? 1
  }
  #strangers = new Map<string, StrangerRow>()
  #cancel: (() => void) | undefined
  #cancelRelease: (() => void) | undefined
  #writing: Promise<unknown> = Promise.resolve()
  #failing = false
  #stopped = false
  readonly #pruning: Every
  #droppedTold = 0
  #untrusted = { since: 0, rows: 0 }

  constructor({
    databases,
    clock,
    steady = steadyClock,
    log,
    retentionDays,
    retentionRows,
    capacity,
  }: EventWriterOptions) {
    this.#db = databases.events
    this.#clock = clock
    this.#time = new PatientTime(clock, steady)
    this.#log = log
    this.#limits = { days: retentionDays ?? 30, rows: retentionRows ?? 1_000_000, capacity: capacity ?? 50_000 }
    this.#pruning = new Every(clock, PRUNE_EVERY_MS)
  }

  record(event: ProvisioningEvent): void {
    if (this.#isStranger(event)) this.#count(event)
    else this.#repeated.take(event, this.#keep)
    this.#schedule(GATHER_MS)
  }

  flush(): Promise<void> {
    const next = this.#writing.then(() => this.#writeAll())
    this.#writing = next.catch(() => undefined)
    return next
  }

  async prune({ byAge } = { byAge: true }): Promise<number> {
    const before = byAge ? this.#clock.now() - this.#limits.days * DAY_MS : 0
    const [beyond] = (await this.#db('provisioning_events')
      .orderBy('id', 'desc')
      .offset(this.#limits.rows)
      .limit(1)
      .pluck('id')) as number[]
    const events = await this.#removeInChunks((query) =>
      query.where('at', '<', before).orWhere('id', '<=', beyond ?? -1),
    )
    return events + (await this.#pruneStrangers(before))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    this.#cancelRelease?.()
    this.#repeated.release(this.#keep)
    try {
      await this.flush()
    } catch (error) {
      this.#log.warn({ err: error, events: this.#events.length }, 'the last provisioning events could not be written')
    }
  }

  #isStranger({ deviceId, outcome }: ProvisioningEvent): boolean {
    if (!REFUSED.has(outcome)) return false
    if (deviceId === undefined) return true
    if (outcome !== 'untrusted') return false
    const now = this.#clock.now()
    const { since } = this.#untrusted
    if (now - since >= MINUTE_MS || now < since) this.#untrusted = { since: now, rows: 0 }
    this.#untrusted.rows += 1
    return this.#untrusted.rows > UNTRUSTED_ROWS_PER_MINUTE
  }

  #count(event: ProvisioningEvent): void {
    const key = `${event.outcome} ${event.peer}`
    const known = this.#strangers.get(key)
    if (!known && this.#strangers.size >= STRANGERS_WAITING) {
      this.dropped += 1
      return
    }
    this.#strangers.set(key, {
      peer: event.peer,
      outcome: event.outcome,
      first_at: known?.first_at ?? event.at,
      last_at: event.at,
      requests: (known?.requests ?? 0) + 1,
      last_path: storable(event.path),
      last_mac: event.mac ?? known?.last_mac ?? null,
      last_user_agent: event.userAgent === undefined ? null : storable(event.userAgent),
      last_reason: event.reason === undefined ? null : storable(event.reason),
    })
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    this.#cancel ??= this.#clock.after(delayMs, () => {
      this.#cancel = undefined
      void this.#flushAndReport()
    })
  }

  /** Nobody may ask any more: what was counted is written when its minute is over. What comes meanwhile does not wait for it. */
  #releaseLater(): void {
    if (this.#stopped) return
    this.#cancelRelease ??= this.#clock.after(REPEAT_MS, () => {
      this.#cancelRelease = undefined
      this.#schedule(0)
    })
  }

  async #flushAndReport(): Promise<void> {
    try {
      this.#repeated.release(this.#keep, this.#clock.now())
      await this.flush()
      if (this.#repeated.pending) this.#releaseLater()
      if (this.#pruning.isDue()) await this.prune({ byAge: this.#time.isBelieved() })
      this.#failing = false
      if (this.dropped > this.#droppedTold) {
        this.#log.warn({ dropped: this.dropped - this.#droppedTold }, 'provisioning events were let go')
        this.#droppedTold = this.dropped
      }
    } catch (error) {
      if (!this.#failing) this.#log.warn({ err: error }, 'provisioning events wait: the database does not take them')
      this.#failing = true
      this.#schedule(RETRY_MS)
    }
  }

  async #writeAll(): Promise<void> {
    while (this.#events.length > 0) {
      const batch = this.#events.slice(0, BATCH)
      await this.#write(batch)
      this.#events.splice(0, batch.length)
    }
    const strangers = [...this.#strangers]
    if (strangers.length === 0) return
    this.#strangers = new Map()
    try {
      await this.#db.transaction((trx) =>
        addStrangers(
          trx,
          strangers.map(([, row]) => row),
        ),
      )
    } catch (error) {
      // Requests counted since then are added to those that could not be written.
      for (const [key, row] of strangers) {
        const newer = this.#strangers.get(key)
        const sum = newer && { ...newer, first_at: row.first_at, requests: newer.requests + row.requests }
        this.#strangers.set(key, sum ?? row)
      }
      throw error
    }
  }

  async #write(batch: readonly ProvisioningEvent[]): Promise<void> {
    try {
      await this.#db.transaction(async (trx) => {
        await dontWaitForDisk(trx)
        await insertEvents(trx, batch.map(storableEvent))
      })
    } catch (error) {
      if (isOutage(error)) throw error
      // A batch that the database will never take must not hold up all that come after it.
      this.dropped += batch.length
      this.#log.error({ err: error, events: batch.length }, 'provisioning events were refused by the database')
    }
  }

  async #removeInChunks(narrow: (query: Knex.QueryBuilder) => Knex.QueryBuilder): Promise<number> {
    let removed = 0
    for (;;) {
      const ids: number[] = await narrow(this.#db('provisioning_events')).orderBy('id').limit(PRUNE_CHUNK).pluck('id')
      if (ids.length === 0) return removed
      removed += await this.#db('provisioning_events').whereIn('id', ids).delete()
    }
  }

  async #pruneStrangers(before: number): Promise<number> {
    const [newest] = (await this.#db('stranger_requests')
      .orderBy('last_at', 'desc')
      .offset(STRANGERS_KEPT)
      .limit(1)
      .pluck('last_at')) as number[]
    return await this.#db('stranger_requests')
      .where('last_at', '<', Math.max(before, newest ?? 0))
      .delete()
  }
}

/** Events may be lost with the power; bindings and settings may not. SQLite has it per connection. */
async function dontWaitForDisk(trx: Knex.Transaction): Promise<void> {
  if (isPostgres(trx)) await trx.raw('set local synchronous_commit = off')
}

async function addStrangers(trx: Knex.Transaction, rows: readonly StrangerRow[]): Promise<void> {
  const excluded = ['last_at', 'last_path', 'last_user_agent', 'last_reason']
  for (const chunk of chunks(rows)) {
    await trx('stranger_requests')
      .insert(chunk)
      .onConflict(['peer', 'outcome'])
      .merge({
        ...Object.fromEntries(excluded.map((column) => [column, trx.raw('excluded.??', [column])])),
        requests: trx.raw('stranger_requests.requests + excluded.requests'),
        last_mac: trx.raw('coalesce(excluded.last_mac, stranger_requests.last_mac)'),
      })
  }
}

/** Texts of strangers have no end of their own, and PostgreSQL takes neither NUL nor half a character. */
function storable(text: string): string {
  return text.slice(0, TEXT_MAX).replaceAll('\0', '').toWellFormed()
}

function storableEvent(event: ProvisioningEvent): ProvisioningEvent {
  return {
    ...event,
    path: storable(event.path),
    ...(event.userAgent === undefined ? {} : { userAgent: storable(event.userAgent) }),
    ...(event.reason === undefined ? {} : { reason: storable(event.reason) }),
    bytes: Math.round(event.bytes),
    micros: Math.round(event.micros),
  }
}
