import type { Millis } from '../domain/clock.js'
import type { Binding } from '../domain/entities.js'
import type { BindingChange } from './store.js'

const NONE: readonly Binding[] = []

/** All bindings, in memory: what REGISTERs are decided on and people are found by (decision 2). */
export class BindingTable {
  readonly #byAor = new Map<string, readonly Binding[]>()
  /** Bindings by the second they expire in. */
  readonly #due = new Map<number, Set<Binding>>()
  #sweptSecond = -1
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Bindings that wait for their second: as many as there are, however often they are refreshed. */
  get scheduled(): number {
    let count = 0
    for (const due of this.#due.values()) count += due.size
    return count
  }

  /** Bindings of an address of record, oldest first. Never changed in place. */
  of(aor: string): readonly Binding[] {
    return this.#byAor.get(aor) ?? NONE
  }

  /** Is this very binding still there, not refreshed since? */
  has(binding: Binding): boolean {
    return this.of(binding.aor).includes(binding)
  }

  all(): Binding[] {
    return [...this.#byAor.values()].flat()
  }

  /** Applies changes in order; returns those that made a difference (a removal of something gone does not). */
  apply(changes: readonly BindingChange[]): BindingChange[] {
    return changes.filter((change) => this.#applyOne(change))
  }

  /** Takes out what expired at or before `now`. */
  expire(now: Millis): BindingChange[] {
    const second = Math.floor(now / 1_000)
    if (second < this.#sweptSecond) this.#clockWentBack(second)
    const seconds =
      second - this.#sweptSecond > this.#due.size
        ? [...this.#due.keys()].filter((due) => due <= second)
        : Array.from({ length: Math.max(0, second - this.#sweptSecond) }, (_, i) => this.#sweptSecond + 1 + i)
    this.#sweptSecond = second
    const gone = seconds.flatMap((due) => [...(this.#due.get(due) ?? [])])
    for (const due of seconds) this.#due.delete(due)
    const expired = gone.filter((binding) => this.has(binding))
    return this.apply(expired.map((binding) => ({ kind: 'remove', reason: 'expired', binding })))
  }

  #applyOne(change: BindingChange): boolean {
    const { aor, bindingKey } = change.binding
    const before = this.of(aor)
    const others = before.filter((binding) => binding.bindingKey !== bindingKey)
    for (const binding of before) if (binding.bindingKey === bindingKey) this.#unschedule(binding)
    const after = change.kind === 'save' ? [...others, change.binding] : others
    if (change.kind === 'remove' && others.length === before.length) return false
    this.#size += after.length - before.length
    if (after.length === 0) this.#byAor.delete(aor)
    else this.#byAor.set(aor, after)
    if (change.kind === 'save') this.#schedule(change.binding)
    return true
  }

  #schedule(binding: Binding): void {
    // Rounded up: a binding is never taken out while it still has milliseconds left.
    const second = Math.max(Math.ceil(binding.expiresAt / 1_000), this.#sweptSecond + 1)
    const due = this.#due.get(second)
    if (due) due.add(binding)
    else this.#due.set(second, new Set([binding]))
  }

  /** What was saved since then was put off to a second that is far away now. */
  #clockWentBack(second: number): void {
    this.#due.clear()
    this.#sweptSecond = second - 1
    for (const binding of this.all()) this.#schedule(binding)
  }

  /** One that was put off because its second was over already is not found here: the next sweep takes it. */
  #unschedule(binding: Binding): void {
    const second = Math.ceil(binding.expiresAt / 1_000)
    const due = this.#due.get(second)
    if (due?.delete(binding) && due.size === 0) this.#due.delete(second)
  }
}
