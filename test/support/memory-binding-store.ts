import type { Binding } from '../../src/domain/entities.js'
import type { BindingChange, BindingStore } from '../../src/registrar/store.js'

const keyOf = ({ aor, bindingKey }: Binding): string => `${aor}\n${bindingKey}`

/** Bindings that live as long as this object: for tests and throw-away servers. */
export class MemoryBindingStore implements BindingStore {
  readonly #bindings = new Map<string, Binding>()

  load(): Promise<Binding[]> {
    return Promise.resolve([...this.#bindings.values()])
  }

  commit(changes: readonly BindingChange[]): Promise<void> {
    for (const { kind, binding } of changes) {
      if (kind === 'save') this.#bindings.set(keyOf(binding), binding)
      else this.#bindings.delete(keyOf(binding))
    }
    return Promise.resolve()
  }

  removeExpired(bindings: readonly Binding[]): Promise<void> {
    for (const binding of bindings) {
      const stored = this.#bindings.get(keyOf(binding))
      if (stored && stored.expiresAt <= binding.expiresAt) this.#bindings.delete(keyOf(binding))
    }
    return Promise.resolve()
  }
}

/** Keeps everything that was stored, in order. */
export class RecordingBindingStore extends MemoryBindingStore {
  readonly stored: BindingChange[] = []

  override commit(changes: readonly BindingChange[]): Promise<void> {
    this.stored.push(...changes)
    return super.commit(changes)
  }
}
