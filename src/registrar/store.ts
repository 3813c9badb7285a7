import type { Binding } from '../domain/entities.js'

/** Why a binding went. */
type GoneReason = 'unregistered' | 'expired' | 'replaced' | 'revoked'

/** One step of a REGISTER, an expiry or a revocation. */
export type BindingChange =
  | { readonly kind: 'save'; readonly event: 'registered' | 'refreshed'; readonly binding: Binding }
  | { readonly kind: 'remove'; readonly reason: GoneReason; readonly binding: Binding }

/** Where bindings outlive the process. */
export interface BindingStore {
  /** All bindings, those that have expired too. */
  load(): Promise<Binding[]>
  /**
   * Applies all changes in order, or none. When the promise resolves they are on disk (decision 4).
   * Rejects when the store is busy for too long, full or gone.
   */
  commit(changes: readonly BindingChange[]): Promise<void>
  /** Removes those of these bindings that were not refreshed since: that expire when they say, or before. */
  removeExpired(bindings: readonly Binding[]): Promise<void>
}
