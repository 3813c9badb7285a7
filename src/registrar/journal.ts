import type { Millis } from '../domain/clock.js'
import type { Binding } from '../domain/entities.js'
import type { BindingChange } from './store.js'

type Key = readonly [aor: string, bindingKey: string]

/**
 * What one commit adds to the journal. Rows of a journal are never changed: read in their order, the last word on each
 * binding counts. A binding stands only once in an entry.
 */
interface JournalEntry {
  readonly saved?: readonly Binding[]
  readonly removed?: readonly Key[]
  /** Removed unless refreshed since: those that expire by then. */
  readonly expired?: readonly (readonly [...Key, expiresAt: Millis])[]
}

const keyOf = (aor: string, bindingKey: string): string => `${aor}\n${bindingKey}`

/** The last word on each binding. */
function finalChanges(changes: readonly BindingChange[]): Iterable<BindingChange> {
  if (changes.length === 1) return changes
  const last = new Map<string, BindingChange>()
  for (const change of changes) last.set(keyOf(change.binding.aor, change.binding.bindingKey), change)
  return last.values()
}

const write = (entry: JournalEntry): string => JSON.stringify(entry)

/** Changes of one commit, in order, as text. */
export function changesEntry(changes: readonly BindingChange[]): string {
  const saved: Binding[] = []
  const removed: Key[] = []
  for (const { kind, binding } of finalChanges(changes)) {
    if (kind === 'save') saved.push(binding)
    else removed.push([binding.aor, binding.bindingKey])
  }
  return write(removed.length === 0 ? { saved } : { saved, removed })
}

/** The end of these bindings, for those that were not refreshed meanwhile. */
export function expiredEntry(bindings: readonly Binding[]): string {
  return write({ expired: bindings.map(({ aor, bindingKey, expiresAt }) => [aor, bindingKey, expiresAt] as const) })
}

/** The bindings that a journal comes to. */
export class JournalReplay {
  readonly #bindings = new Map<string, Binding>()

  get size(): number {
    return this.#bindings.size
  }

  /** Takes the next entry; tells how many bindings it speaks of. */
  add(text: string): number {
    const { saved = [], removed = [], expired = [] } = JSON.parse(text) as JournalEntry
    for (const [aor, bindingKey] of removed) this.#bindings.delete(keyOf(aor, bindingKey))
    for (const binding of saved) this.#bindings.set(keyOf(binding.aor, binding.bindingKey), binding)
    for (const [aor, bindingKey, expiresAt] of expired) {
      const key = keyOf(aor, bindingKey)
      if ((this.#bindings.get(key)?.expiresAt ?? Infinity) <= expiresAt) this.#bindings.delete(key)
    }
    return saved.length + removed.length + expired.length
  }

  /** Oldest first. */
  bindings(): Binding[] {
    return [...this.#bindings.values()].sort((a, b) => a.registeredAt - b.registeredAt)
  }

  /** The same in as few entries as is sensible. */
  *entries(most = 500): Generator<string> {
    const all = this.bindings()
    for (let from = 0; from < all.length; from += most) yield write({ saved: all.slice(from, from + most) })
  }
}

/** Changes that may pile up before a journal is worth folding, beside twice what it folds to. */
const FOLD_AFTER = 10_000

/** Is a journal of so many words so much longer than what it comes to that it should be written anew? */
export function isWorthFolding(words: number, bindings: number): boolean {
  return words > 3 * bindings + FOLD_AFTER
}
