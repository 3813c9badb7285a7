import type { Millis } from '../domain/clock.js'
import type { Binding } from '../domain/entities.js'

/** Why a binding went. */
type GoneReason = 'unregistered' | 'expired' | 'replaced' | 'revoked'

/** One step of a REGISTER, an expiry or a revocation. */
export type BindingChange =
  | { readonly kind: 'save'; readonly event: 'registered' | 'refreshed'; readonly binding: Binding }
  | { readonly kind: 'remove'; readonly reason: GoneReason; readonly binding: Binding }

/** Where bindings outlive the process. */
export interface BindingStore {
  /** All bindings that are valid at `now`. */
  load(now: Millis): Promise<Binding[]>
  /**
   * Applies all changes in order, or none. When the promise resolves they are on disk (decision 4).
   * Rejects when the store is busy for too long, full or gone.
   */
  commit(changes: readonly BindingChange[]): Promise<void>
  /** Removes at most `limit` bindings that expired at or before `now`; returns how many there were. */
  removeExpired(now: Millis, limit: number): Promise<number>
}
