import type { Millis } from '../../src/domain/clock.js'
import type { Binding } from '../../src/domain/entities.js'
import type { BindingChange, BindingStore } from '../../src/registrar/store.js'

/** Bindings that live as long as this object: for tests and throw-away servers. */
export class MemoryBindingStore implements BindingStore {
  readonly #bindings = new Map<string, Binding>()

  load(now: Millis): Promise<Binding[]> {
    return Promise.resolve([...this.#bindings.values()].filter((binding) => binding.expiresAt > now))
  }

  commit(changes: readonly BindingChange[]): Promise<void> {
    for (const { kind, binding } of changes) {
      const key = `${binding.aor}\n${binding.bindingKey}`
      if (kind === 'save') this.#bindings.set(key, binding)
      else this.#bindings.delete(key)
    }
    return Promise.resolve()
  }

  removeExpired(now: Millis, limit: number): Promise<number> {
    const expired = [...this.#bindings].filter(([, binding]) => binding.expiresAt <= now).slice(0, limit)
    for (const [key] of expired) this.#bindings.delete(key)
    return Promise.resolve(expired.length)
  }
}
