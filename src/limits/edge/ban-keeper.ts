import type { Clock, Millis } from '../../domain/clock.js'
import type { Log } from '../../observe/log.js'
import { banKey, type Ban } from '../ban.js'
import type { BanStore, KeptBan } from '../store.js'

const GATHER_MS = 300
const RETRY_MS = 5_000
const POLL_MS = 1_000
const PRUNE_MS = 3_600_000
const KEPT_MS = 30 * 86_400_000
const KEPT_ROWS = 10_000
/** Bans that wait for the database; of more the oldest is let go. It holds while the server runs. */
const MOST_WAITING = 1_000

export interface BanKeeperOptions {
  store: BanStore
  clock: Clock
  log: Log
  /** Is there a ban that could have been lifted? */
  mayBeLifted: () => boolean
  onLifted: (ban: KeptBan) => void
}

/** Writes bans off the path of requests, and learns which were lifted by a command. */
export class BanKeeper {
  #waiting = new Map<string, Ban>()
  #cancel = [(): void => undefined, (): void => undefined]
  #writing: Promise<void> = Promise.resolve()
  #polledAt: Millis
  #prunedAt: Millis
  #failing = false
  #stopped = false
  #gathering = false

  constructor(private readonly options: BanKeeperOptions) {
    this.#polledAt = options.clock.now()
    this.#prunedAt = this.#polledAt
    this.#schedulePoll()
  }

  save(ban: Ban): void {
    const key = banKey(ban)
    this.#waiting.delete(key)
    this.#waiting.set(key, ban)
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MOST_WAITING) break
      this.#waiting.delete(oldest)
    }
    this.#scheduleWrite(GATHER_MS)
  }

  /** Writes what waits, if the database takes it. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const cancel of this.#cancel) cancel()
    await this.#writing
    await this.#write()
  }

  #scheduleWrite(delayMs: number): void {
    if (this.#stopped || this.#gathering) return
    this.#gathering = true
    this.#cancel[0] = this.options.clock.after(delayMs, () => {
      this.#gathering = false
      this.#writing = this.#writing.then(() => this.#write())
    })
  }

  #schedulePoll(): void {
    if (this.#stopped) return
    this.#cancel[1] = this.options.clock.after(POLL_MS, () => {
      this.#writing = this.#writing.then(() => this.#poll()).then(() => this.#schedulePoll())
    })
  }

  async #write(): Promise<void> {
    if (this.#waiting.size === 0) return
    const batch = this.#waiting
    this.#waiting = new Map()
    try {
      await this.options.store.save([...batch.values()])
      this.#failing = false
    } catch (error) {
      for (const [key, ban] of this.#waiting) batch.set(key, ban)
      this.#waiting = batch
      this.#tell(error, 'bans wait: the database does not take them')
      this.#scheduleWrite(RETRY_MS)
    }
  }

  async #poll(): Promise<void> {
    const { store, clock, mayBeLifted, onLifted } = this.options
    const now = clock.now()
    try {
      if (mayBeLifted()) {
        // Some seconds twice rather than never: the commands' clock may be another machine's.
        const lifted = await store.lifted(Math.min(this.#polledAt, now) - 60_000)
        for (const ban of lifted) onLifted(ban)
      }
      this.#polledAt = now
      if (now - this.#prunedAt < PRUNE_MS) return
      this.#prunedAt = now
      await store.prune(now - KEPT_MS, KEPT_ROWS)
    } catch (error) {
      this.#tell(error, 'bans cannot be looked up: those lifted by command hold on')
    }
  }

  #tell(error: unknown, message: string): void {
    if (!this.#failing) this.options.log.warn({ err: error }, message)
    this.#failing = true
  }
}
