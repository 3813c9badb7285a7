import type { Millis } from '../domain/clock.js'
import type { OffenceKind } from './offence.js'

/**
 * What is refused. `all`: every protocol. `tftp` and `sip`: that protocol only, because the address is not proven; SIP
 * requests that prove a password are heard nevertheless.
 */
export const BAN_SCOPES = ['all', 'tftp', 'sip'] as const
export type BanScope = (typeof BAN_SCOPES)[number]

/** In the place of an address: this user is being guessed from many of them. */
export const EVERYWHERE = 'everywhere'

/** A source that is not heard for a while, and why. */
export interface Ban {
  /** An address, `2001:db8::/64`, `192.0.2.0/24`, or EVERYWHERE. */
  readonly who: string
  readonly scope: BanScope
  /** Only this SIP user is not heard from there; '' for everybody. */
  readonly username: string
  readonly kind: OffenceKind
  /** What it did last. Hostile text. */
  readonly evidence: string
  /** Points, or wrong passwords, that led to it. */
  readonly count: number
  /** The how manieth ban in a row this is; the next one is twice as long. */
  readonly times: number
  readonly since: Millis
  readonly until: Millis
}

export type NewBan = Omit<Ban, 'times' | 'since' | 'until'>

/** How long bans are. */
export interface BanLength {
  readonly firstMs: number
  readonly mostMs: number
  readonly forgetMs: number
}

/** The ban after `previous` of the same source: twice as long, unless it kept quiet since. */
export function nextBan(ban: NewBan, previous: Ban | undefined, length: BanLength, now: Millis): Ban {
  const again = previous !== undefined && now - previous.until < length.forgetMs
  const times = again ? previous.times + 1 : 1
  const lasts = Math.min(length.mostMs, length.firstMs * 2 ** Math.min(times - 1, 20))
  return { ...ban, times, since: now, until: now + lasts }
}

/** Does it hold at this time, and was not lifted? A clock that is set back a year makes no ban last a year: one begun in its future is over. */
export function isInForce(
  { since, until, liftedAt }: Pick<Ban, 'since' | 'until'> & { readonly liftedAt?: Millis },
  now: Millis,
): boolean {
  // As far ahead as it is long, so that a clock put right by a second releases nobody.
  return liftedAt === undefined && now < until && since - now < until - since
}

export function banKey({ who, scope, username }: Pick<Ban, 'who' | 'scope' | 'username'>): string {
  return username === '' ? `${scope} ${who}` : `${scope} ${who} ${username}`
}
