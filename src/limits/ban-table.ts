import type { Millis } from '../domain/clock.js'
import { banKey, isInForce, type Ban, type BanScope } from './ban.js'
import { sourceOf } from './source.js'

type Which = Pick<Ban, 'who' | 'scope' | 'username'>

/**
 * The bans that are in force, and those lately over, which make the next one longer. Bounded: of more than `limit` the
 * oldest goes; a flood of forged sources pushes out none whose source is proven.
 */
export class BanTable {
  readonly #proven = new Map<string, Ban>()
  readonly #forgeable = new Map<string, Ban>()
  /** Nothing is banned from here on. Nearly always nothing is, and asking costs a comparison. */
  #sourcesUntil: Millis = 0
  #usersUntil: Millis = 0

  /** @param limit bans kept whose source is proven, and as many that may be forged */
  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#proven.size + this.#forgeable.size
  }

  put(ban: Ban): void {
    const bans = this.#of(ban.scope)
    const key = banKey(ban)
    bans.delete(key)
    bans.set(key, ban)
    if (ban.username === '') this.#sourcesUntil = Math.max(this.#sourcesUntil, ban.until)
    else this.#usersUntil = Math.max(this.#usersUntil, ban.until)
    for (const oldest of bans.keys()) {
      if (bans.size <= this.limit) break
      bans.delete(oldest)
    }
  }

  /** In force or lately over. */
  get(which: Which): Ban | undefined {
    return this.#of(which.scope).get(banKey(which))
  }

  /** The ban that this address or its network is under. */
  covering(address: string, scope: BanScope, now: Millis): Ban | undefined {
    if (now >= this.#sourcesUntil) return undefined
    const { unit, network } = sourceOf(address)
    return this.#inForce(scope, `${scope} ${unit}`, now) ?? this.#inForce(scope, `${scope} ${network}`, now)
  }

  /** The ban of one user at one unit, or everywhere. */
  ofUser(who: string, username: string, now: Millis): Ban | undefined {
    if (now >= this.#usersUntil) return undefined
    return this.#inForce('all', banKey({ who, scope: 'all', username }), now)
  }

  /** Ends it and forgets it: the source begins anew. */
  remove(which: Which): boolean {
    return this.#of(which.scope).delete(banKey(which))
  }

  *inForce(now: Millis): Generator<Ban> {
    for (const ban of [...this.#proven.values(), ...this.#forgeable.values()]) if (isInForce(ban, now)) yield ban
  }

  /** Forgets what is over for `forgetMs` or longer. */
  sweep(now: Millis, forgetMs: number): void {
    for (const bans of [this.#proven, this.#forgeable]) {
      for (const [key, ban] of bans) if (now - ban.until >= forgetMs) bans.delete(key)
    }
  }

  #of(scope: BanScope): Map<string, Ban> {
    return scope === 'all' ? this.#proven : this.#forgeable
  }

  #inForce(scope: BanScope, key: string, now: Millis): Ban | undefined {
    const ban = this.#of(scope).get(key)
    return ban !== undefined && isInForce(ban, now) ? ban : undefined
  }
}
