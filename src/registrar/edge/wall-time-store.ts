import type { Binding } from '../../domain/entities.js'
import type { SteadyTime } from '../steady-time.js'
import type { BindingChange, BindingStore } from '../store.js'

function moved(binding: Binding, ms: number): Binding {
  return { ...binding, expiresAt: binding.expiresAt + ms, registeredAt: binding.registeredAt + ms }
}

/** Stores the dates that people see, whatever the registrar's own time is by now. */
export class WallTimeStore implements BindingStore {
  constructor(
    private readonly store: BindingStore,
    private readonly time: SteadyTime,
  ) {}

  load(): Promise<Binding[]> {
    return this.store.load()
  }

  commit(changes: readonly BindingChange[]): Promise<void> {
    const offset = this.time.wallOffset
    if (offset === 0) return this.store.commit(changes)
    return this.store.commit(changes.map((change) => ({ ...change, binding: moved(change.binding, offset) })))
  }

  removeExpired(bindings: readonly Binding[]): Promise<void> {
    const offset = this.time.wallOffset
    return this.store.removeExpired(offset === 0 ? bindings : bindings.map((binding) => moved(binding, offset)))
  }
}
