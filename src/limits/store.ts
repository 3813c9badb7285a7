import type { Millis } from '../domain/clock.js'
import type { Ban } from './ban.js'

/** A ban as it is kept, with what an admin did about it. */
export interface KeptBan extends Ban {
  readonly liftedAt?: Millis
  readonly liftedBy?: string
}

/** Where bans outlive the server, and where commands read and lift them. */
export interface BanStore {
  /** Bans that ended after `since`, or are in force; the newest first. */
  load(since: Millis, limit: number): Promise<KeptBan[]>
  save(bans: readonly Ban[]): Promise<void>
  /** Bans that were lifted at `since` or later. */
  lifted(since: Millis): Promise<KeptBan[]>
  /** Removes what ended before `before`, and all but the newest `keep`. */
  prune(before: Millis, keep: number): Promise<void>
}
