import type { Clock } from '../../domain/clock.js'
import type { Log } from '../../observe/log.js'
import type { BindingTable } from '../binding-table.js'
import type { BindingChange, BindingStore } from '../store.js'

const MEMORY_SWEEP_MS = 1_000
const DISK_SWEEP_MS = 30_000
const ROWS_PER_STATEMENT = 500

interface ExpiryOptions {
  readonly table: BindingTable
  readonly store: BindingStore
  readonly clock: Clock
  readonly log: Log
  readonly onApplied: (change: BindingChange) => void
}

/** Takes out what has expired: from memory each second, from disk in chunks now and then. */
export class Expiry {
  #cancel: (() => void)[] = []
  #sweeping: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(private readonly options: ExpiryOptions) {}

  start(): void {
    this.#every(MEMORY_SWEEP_MS, 0, () => this.#sweepMemory())
    this.#every(DISK_SWEEP_MS, 1, () => this.#sweepDisk())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const cancel of this.#cancel) cancel()
    await this.#sweeping
  }

  #every(ms: number, slot: 0 | 1, run: () => void | Promise<void>): void {
    if (this.#stopped) return
    this.#cancel[slot] = this.options.clock.after(ms, () => {
      const ran = run()
      if (!ran) return this.#every(ms, slot, run)
      this.#sweeping = ran.then(() => this.#every(ms, slot, run))
    })
  }

  #sweepMemory(): void {
    const { table, clock, onApplied } = this.options
    for (const change of table.expire(clock.now())) onApplied(change)
  }

  async #sweepDisk(): Promise<void> {
    const { store, clock, log } = this.options
    try {
      let removed = ROWS_PER_STATEMENT
      while (removed === ROWS_PER_STATEMENT && !this.#stopped) {
        removed = await store.removeExpired(clock.now(), ROWS_PER_STATEMENT)
      }
    } catch (error) {
      // Expired rows do no harm: they are not loaded, and the next sweep finds them again.
      log.warn({ err: error }, 'expired registrations were not removed from disk')
    }
  }
}
