import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import type { ResyncRequest, ResyncResult } from './resync.js'

/** A wish that is over. */
export interface FinishedResync {
  readonly id: Id
  readonly at: Millis
  readonly result: ResyncResult
}

/** Where wishes wait for the running server and keep what came of them; of a phone one waits at a time. */
export interface ResyncStore {
  /**
   * Puts wishes in, except for phones that have one under way, and tells what each phone has now, in the order given.
   * One that is planned for later is brought forward when the new one is earlier.
   * @param staleBefore wishes asked before that stand in nobody's way: they have expired
   */
  add(wishes: readonly ResyncRequest[], staleBefore: Millis): Promise<ResyncRequest[]>
  /** Those under way, the oldest first; with `now` none that are planned for later. */
  pending(limit: number, now?: Millis): Promise<ResyncRequest[]>
  finish(finished: readonly FinishedResync[]): Promise<void>
  byIds(ids: readonly Id[]): Promise<ResyncRequest[]>
  /** Of one phone, newest first. */
  ofPhone(mac: Mac, limit: number): Promise<ResyncRequest[]>
  /** Removes what was asked before; returns how many. */
  prune(before: Millis): Promise<number>
}
