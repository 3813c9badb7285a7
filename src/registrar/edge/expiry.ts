import type { Clock } from '../../domain/clock.js'
import type { Binding } from '../../domain/entities.js'
import type { Log } from '../../observe/log.js'
import { Outage } from '../../observe/outage.js'
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

/** Takes out what has expired: from memory each second, from disk in portions now and then. */
export class Expiry {
  #cancel: (() => void)[] = []
  #sweeping: Promise<void> = Promise.resolve()
  #stopped = false
  /** Gone from memory, perhaps still on disk. */
  #onDisk: Binding[] = []

  readonly #outage: Outage

  constructor(private readonly options: ExpiryOptions) {
    this.#outage = new Outage(options.log, {
      fails: 'expired registrations cannot be removed from disk',
      worksAgain: 'expired registrations are removed from disk again',
    })
  }

  /**
   * @param doubtful bindings on disk that had expired already at the start. The date may have been wrong then or when
   * they were stored, so they stay there until `doubtfulMs` from now: as long as any of them could last.
   */
  start(doubtful: readonly Binding[], doubtfulMs: number): void {
    this.#every(MEMORY_SWEEP_MS, 0, () => this.#sweepMemory())
    this.#every(DISK_SWEEP_MS, 1, () => this.#sweepDisk())
    if (doubtful.length === 0) return
    this.#cancel[2] = this.options.clock.after(doubtfulMs, () => this.#onDisk.push(...doubtful))
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
    for (const change of table.expire(clock.now())) {
      this.#onDisk.push(change.binding)
      onApplied(change)
    }
  }

  async #sweepDisk(): Promise<void> {
    const { store } = this.options
    try {
      while (this.#onDisk.length > 0 && !this.#stopped) {
        const some = this.#onDisk.slice(0, ROWS_PER_STATEMENT)
        await store.removeExpired(some)
        this.#onDisk.splice(0, some.length)
        this.#outage.worked()
      }
    } catch (error) {
      // Expired rows do no harm: they are not loaded, and the next sweep tries again.
      this.#outage.failed({ err: error })
    }
  }
}
