import type { Catalog } from '../../catalog/catalog.js'
import type { Clock, Millis } from '../../domain/clock.js'
import { Every } from '../../domain/every.js'
import type { Binding, Id } from '../../domain/entities.js'
import type { Log } from '../../observe/log.js'
import { Rounds } from '../../observe/rounds.js'
import type { Snapshot } from '../../snapshot/snapshot.js'
import { Pace, PACE, type PaceLimits } from '../pace.js'
import { RESYNC_LASTS_MS, type ResyncRequest, type ResyncResult } from '../resync.js'
import type { FinishedResync, ResyncStore } from '../store.js'
import { bindingsByLine, eventFor, waysTo } from '../targets.js'

export interface DispatcherOptions {
  readonly store: ResyncStore
  readonly clock: Clock
  readonly log: Log
  readonly snapshot: Pick<Snapshot, 'device'>
  readonly catalog: Pick<Catalog, 'model'>
  /** Takes in what was changed before the wish: a phone that is asked at once must not be served what was there before. */
  refresh(): Promise<void>
  /** Who is registered now. */
  bindings(): readonly Binding[]
  /** Sends one NOTIFY; never rejects. */
  send(binding: Binding, event: string): Promise<ResyncResult>
  /** What came of a wish is written down. */
  readonly onFinished?: ((deviceId: Id) => void) | undefined
  readonly pace?: PaceLimits
  /** Days that wishes and their outcomes are kept; default 30. */
  readonly keepDays?: number | undefined
}

const TURN_MS = 250
/** Read at a time; what waits beyond is read when those are done. */
const MOST_PENDING = 2_000
/** How old the picture of who is registered may be. */
const BINDINGS_FRESH_MS = 500
const PRUNE_EVERY_MS = 3_600_000
const DAY_MS = 86_400_000

/**
 * Takes up wishes that phones look for a new config or restart, whoever wrote them into the table, and writes down what
 * came of each. One turn after another: a wish is never read while its outcome is being written, so never sent twice.
 */
export class ResyncDispatcher {
  readonly #taken = new Set<Id>()
  readonly #pace: Pace<ResyncRequest>
  readonly #rounds: Rounds
  #finished: (FinishedResync & { deviceId: Id })[] = []
  #bindings: { at: Millis; byLine: ReadonlyMap<string, readonly Binding[]> } | undefined
  readonly #pruning: Every

  constructor(private readonly options: DispatcherOptions) {
    this.#pruning = new Every(options.clock, PRUNE_EVERY_MS)
    this.#pace = new Pace(options.clock, options.pace ?? PACE, (wish) => this.#do(wish))
    this.#rounds = new Rounds(
      {
        ...{ clock: options.clock, log: options.log, everyMs: TURN_MS },
        fails: 'requests that phones look for a new config cannot be read or written; they wait',
        worksAgain: 'requests that phones look for a new config are taken up again',
      },
      async () => {
        await this.#write()
        if (!this.#rounds.stopped) await this.#read()
      },
    )
  }

  start(): void {
    this.#rounds.start()
  }

  /** Begins nothing more and writes the outcomes there are; wishes without one are taken up at the next start. */
  async stop(): Promise<void> {
    this.#pace.stop()
    await this.#rounds.stop()
    await this.#rounds.once()
  }

  async #write(): Promise<void> {
    const { store, clock, keepDays = 30 } = this.options
    const finished = [...this.#finished]
    if (finished.length > 0) {
      await store.finish(finished)
      this.#finished = this.#finished.slice(finished.length)
      for (const { id, deviceId } of finished) {
        this.#taken.delete(id)
        this.options.onFinished?.(deviceId)
      }
    }
    if (this.#pruning.isDue()) await store.prune(clock.now() - keepDays * DAY_MS)
  }

  async #read(): Promise<void> {
    const { store, clock, refresh } = this.options
    const fresh = (await store.pending(MOST_PENDING, clock.now())).filter(({ id }) => !this.#taken.has(id))
    if (fresh.length > 0) await refresh()
    for (const wish of fresh) {
      this.#taken.add(wish.id)
      if (clock.now() - wish.requestedAt > RESYNC_LASTS_MS) {
        this.#end(wish, { outcome: 'expired', reason: 'no server was running' })
      } else this.#pace.add(wish)
    }
  }

  async #do(wish: ResyncRequest): Promise<void> {
    try {
      this.#end(wish, await this.#ask(wish))
    } catch (error) {
      this.options.log.error({ err: error, mac: wish.mac }, 'a phone could not be asked to look for a new config')
      this.#end(wish, { outcome: 'unreachable', reason: 'internal error' })
    }
  }

  /** The phone's ways one after the other, until one of them answers. */
  async #ask({ deviceId, kind }: ResyncRequest): Promise<ResyncResult> {
    const { snapshot, catalog, send } = this.options
    const device = snapshot.device(deviceId)
    const event = device && eventFor(catalog, device, kind)
    if (!device || event === undefined) return { outcome: 'not-registered', reason: 'the phone or its model is gone' }
    let result: ResyncResult = { outcome: 'not-registered', reason: 'the phone is not registered', event }
    for (const binding of waysTo(device, this.#byLine())) {
      result = await send(binding, event)
      if (result.outcome === 'heard' || result.outcome === 'refused') break
    }
    return result
  }

  #byLine(): ReadonlyMap<string, readonly Binding[]> {
    const now = this.options.clock.now()
    const known = this.#bindings
    if (known && now - known.at >= 0 && now - known.at < BINDINGS_FRESH_MS) return known.byLine
    const byLine = bindingsByLine(this.options.bindings())
    this.#bindings = { at: now, byLine }
    return byLine
  }

  #end({ id, deviceId, mac, kind }: ResyncRequest, result: ResyncResult): void {
    this.options.log.debug({ mac, kind, ...result }, 'a phone was asked to look for a new config')
    this.#finished.push({ id, deviceId, at: this.options.clock.now(), result })
  }
}
