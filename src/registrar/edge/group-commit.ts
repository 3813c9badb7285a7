import type { Binding } from '../../domain/entities.js'
import type { BindingTable } from '../binding-table.js'
import type { BindingChange, BindingStore } from '../store.js'

/** Something that ends in changes, which may be none. */
export interface Outcome {
  readonly changes: readonly BindingChange[]
}

/** More work waits than can be stored in time: say 503 instead of letting phones wait. */
export class TooBusyError extends Error {}

interface Gathered {
  readonly aor: string
  readonly changes: readonly BindingChange[]
  done(error?: unknown): void
}

export interface GroupCommitOptions {
  readonly table: BindingTable
  readonly store: BindingStore
  /** Told of each change after it is on disk and in memory. */
  readonly onApplied: (change: BindingChange) => void
  /** Most requests waiting at a time. */
  readonly maxWaiting?: number
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
   * Decides on the stored bindings of `aor`, and resolves when the changes are on disk.
   * @throws TooBusyError; whatever the store threw, with nothing changed
   */
  run<T extends Outcome>(aor: string, decide: (current: readonly Binding[]) => T): Promise<T> {
    if (this.#waiting >= (this.options.maxWaiting ?? 20_000)) return Promise.reject(new TooBusyError('too busy'))
    this.#waiting += 1
    return new Promise<T>((resolve, reject) => {
      const start = (): void => this.#start(aor, decide, resolve, reject)
      const queue = this.#busy.get(aor)
      if (queue) queue.push(start)
      else {
        this.#busy.set(aor, [])
        start()
      }
    }).finally(() => {
      this.#waiting -= 1
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

  #start<T extends Outcome>(
    aor: string,
    decide: (current: readonly Binding[]) => T,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): void {
    let outcome: T
    try {
      outcome = decide(this.options.table.of(aor))
    } catch (error) {
      reject(error)
      this.#next(aor)
      return
    }
    if (outcome.changes.length === 0) {
      resolve(outcome)
      this.#next(aor)
      return
    }
    const done = (error?: unknown): void => (error === undefined ? resolve(outcome) : reject(error))
    this.#gathered.push({ aor, changes: outcome.changes, done })
    this.#running ??= this.#commitAll()
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
    for (const { aor, changes, done } of group) {
      if (failure === undefined) for (const change of table.apply(changes)) onApplied(change)
      done(failure)
      this.#next(aor)
    }
    // Lets the work that waited on these addresses join the next group.
    await Promise.resolve()
  }
}
