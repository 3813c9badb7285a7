import type { Binding } from '../../domain/entities.js'
import type { BindingTable } from '../binding-table.js'
import type { BindingChange, BindingStore } from '../store.js'

/** Something that ends in changes, which may be none. */
export interface Outcome {
  readonly changes: readonly BindingChange[]
}

/** More work waits than can be stored in time, in all or for one address of record: say 503 instead of waiting. */
export class TooBusyError extends Error {}

/** Told the outcome once it is on disk, or the error. */
type Settle<T> = (error: unknown, outcome?: T) => void

interface Gathered {
  readonly changes: readonly BindingChange[]
  done(error?: unknown): void
}

export interface GroupCommitOptions {
  readonly table: BindingTable
  readonly store: BindingStore
  /** Told of each change after it is on disk and in memory. */
  readonly onApplied: (change: BindingChange) => void
  /** Most requests waiting at a time (default 20,000). */
  readonly maxWaiting?: number
  /** Most of them for one address of record (default 20): who floods one leaves room for all others. */
  readonly maxWaitingPerAor?: number
  /** Most changes in one transaction. */
  readonly maxChanges?: number
}

/**
 * Stores bindings in groups (docs/decisions/0004). While one commit runs, all that is decided meanwhile is gathered
 * and committed together next. A decision sees only what is on disk: work on an address of record waits until the
 * work before it on that address is stored. Memory changes after the disk, or not at all.
 */
export class GroupCommit {
  /** Addresses of record with work under way -> work that waits for it. */
  readonly #busy = new Map<string, (() => void)[]>()
  #gathered: Gathered[] = []
  #running: Promise<void> | undefined
  #waiting = 0

  constructor(private readonly options: GroupCommitOptions) {}

  /** Addresses of record whose bindings are about to change. */
  busyAors(): string[] {
    return [...this.#busy.keys()]
  }

  /**
   * Decides on the stored bindings of `aor`, and calls `settle` when the changes are on disk; with a TooBusyError, or
   * whatever the store threw, when nothing was changed. `settle` must not throw.
   */
  submit<T extends Outcome>(aor: string, decide: (current: readonly Binding[]) => T, settle: Settle<T>): void {
    const queue = this.#busy.get(aor)
    const { maxWaiting = 20_000, maxWaitingPerAor = 20 } = this.options
    if (this.#waiting >= maxWaiting || (queue && queue.length >= maxWaitingPerAor - 1)) {
      settle(new TooBusyError('too busy'))
      return
    }
    this.#waiting += 1
    if (queue) queue.push(() => this.#start(aor, decide, settle))
    else {
      this.#busy.set(aor, [])
      this.#start(aor, decide, settle)
    }
  }

  /** `submit` as a promise. */
  run<T extends Outcome>(aor: string, decide: (current: readonly Binding[]) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.submit(aor, decide, (error, outcome) => {
        if (outcome === undefined) reject(error instanceof Error ? error : new Error(String(error)))
        else resolve(outcome)
      })
    })
  }

  /** Resolves when nothing is under way any more. */
  async drained(): Promise<void> {
    while (this.#running || this.#busy.size > 0) {
      await this.#running
      // Work that waited for the last commit begins in a microtask after it.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #start<T extends Outcome>(aor: string, decide: (current: readonly Binding[]) => T, settle: Settle<T>): void {
    let outcome: T
    try {
      outcome = decide(this.options.table.of(aor))
    } catch (error) {
      this.#end(aor, settle, error)
      return
    }
    if (outcome.changes.length === 0) {
      this.#end(aor, settle, undefined, outcome)
      return
    }
    this.#gathered.push({
      changes: outcome.changes,
      done: (error) => this.#end(aor, settle, error, error === undefined ? outcome : undefined),
    })
    this.#running ??= this.#commitAll()
  }

  #end<T extends Outcome>(aor: string, settle: Settle<T>, error: unknown, outcome?: T): void {
    this.#waiting -= 1
    settle(error, outcome)
    this.#next(aor)
  }

  #next(aor: string): void {
    const start = this.#busy.get(aor)?.shift()
    if (start) queueMicrotask(start)
    else this.#busy.delete(aor)
  }

  async #commitAll(): Promise<void> {
    // Everything that arrived in this turn of the event loop goes into the first group.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#gathered.length > 0) {
      const group = this.#takeGroup()
      await this.#commitGroup(group)
    }
    this.#running = undefined
  }

  #takeGroup(): Gathered[] {
    const limit = this.options.maxChanges ?? 2_000
    let changes = 0
    let count = 0
    for (const { changes: more } of this.#gathered) {
      if (count > 0 && changes + more.length > limit) break
      changes += more.length
      count += 1
    }
    return this.#gathered.splice(0, count)
  }

  async #commitGroup(group: readonly Gathered[]): Promise<void> {
    const { table, store, onApplied } = this.options
    let failure: unknown
    try {
      await store.commit(group.flatMap(({ changes }) => changes))
    } catch (error) {
      failure = error ?? new Error('the store refused')
    }
    for (const { changes, done } of group) {
      if (failure === undefined) for (const change of table.apply(changes)) onApplied(change)
      done(failure)
    }
    // Lets the work that waited on these addresses join the next group.
    await Promise.resolve()
  }
}
