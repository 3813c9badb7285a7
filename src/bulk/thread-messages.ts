import type { Id } from '../domain/entities.js'
import type { BesideMethod, ToldError } from './beside.js'
import type { ImportView } from './open-import.js'
import type { StoredImport } from './store.js'

/** What the thread that answers phones tells the one that works on imports. */
export type ToImports =
  | {
      readonly kind: 'call'
      readonly call: number
      readonly siteId: Id
      readonly method: BesideMethod
      readonly args: readonly unknown[]
    }
  /** Cancel what is under way, close everything, end. */
  | { readonly kind: 'stop' }

/** What the thread that works on imports tells. */
export type FromImports =
  | { readonly kind: 'answer'; readonly call: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly call: number; readonly error: ToldError }
  /** The database cannot be used now: what was asked is refused, and it ends. */
  | { readonly kind: 'unopened'; readonly error: ToldError }
  /** An import came to its end. */
  | { readonly kind: 'ended'; readonly job: StoredImport }
  /** A file that was let go because it was cancelled. */
  | { readonly kind: 'cancelled'; readonly siteId: Id; readonly view: ImportView }
  /** No file is open, and nothing is under way: it may go. */
  | { readonly kind: 'idle' }
