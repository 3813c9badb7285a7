import type { Clock, Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import { newId, type Random } from '../domain/random.js'
import { RESYNC_LASTS_MS, type ResyncKind, type ResyncRequest } from './resync.js'
import type { ResyncStore } from './store.js'

export interface ResyncParts {
  readonly store: ResyncStore
  readonly clock: Clock
  readonly random: Random
}

/** A phone, as far as it matters here. */
export interface ResyncTarget {
  readonly id: Id
  readonly mac: Mac
}

/** Asking phones to look for a new config or to restart; the running server does it within a second. */
export interface ResyncAdmin {
  /**
   * Asks each of the phones once, in the order given. A phone with a wish under way keeps that one, which is what
   * comes back for it. `at`: it is to be done then. The caller has looked the phones up, and whether the actor may.
   */
  ask(actor: string, phones: readonly ResyncTarget[], kind: ResyncKind, at?: Millis): Promise<ResyncRequest[]>
  /** How far these are now. */
  look(ids: readonly Id[]): Promise<ResyncRequest[]>
  /** Of one phone, newest first: for its timeline. */
  ofPhone(mac: Mac, limit: number): Promise<ResyncRequest[]>
}

export function createResyncAdmin({ store, clock, random }: ResyncParts): ResyncAdmin {
  return {
    ask: async (actor, phones, kind, at) => {
      const now = clock.now()
      const wishes = [...new Map(phones.map((phone) => [phone.id, phone])).values()].map(
        ({ id, mac }): ResyncRequest => ({
          id: newId(random, now),
          deviceId: id,
          mac,
          kind,
          requestedBy: actor,
          requestedAt: at ?? now,
        }),
      )
      return wishes.length === 0 ? [] : await store.add(wishes, now - RESYNC_LASTS_MS)
    },
    look: (ids) => store.byIds(ids),
    ofPhone: (mac, limit) => store.ofPhone(mac, limit),
  }
}
