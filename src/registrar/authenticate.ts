import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { ALGORITHMS, type Credentials, formatChallenge, provesHa1, readCredentials } from '../sip/digest.js'
import { isAscii } from '../sip/lexical.js'
import { type Header, headerValue, headerValues, type SipRequest } from '../sip/message.js'
import type { Accounts, DigestAccount } from './accounts.js'
import type { NonceCounts, Nonces } from './nonce.js'
import { challengeAlgorithms } from './policy.js'

/** The outcome of looking at the Authorization headers. Only `stale` and `accepted` need the right password. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly account: DigestAccount }
  /** `barred`: too many wrong passwords for this user came from there, so it was not looked at. */
  | { readonly kind: 'challenge' | 'stale' | 'barred' }
  /** An answer to one of our own challenges that does not prove the password. `guess` is the digest. */
  | { readonly kind: 'wrong'; readonly username: string; readonly nonce: string; readonly guess: string }

/** What authentication needs; all of it in memory. */
export interface Authentication {
  readonly accounts: Accounts
  readonly nonces: Nonces
  readonly counts: NonceCounts
  /** May this user's password be tried? Asked for known and unknown ones alike. Left out: always. */
  readonly mayTry?: (username: string) => boolean
}

/** Who asks for the password. */
export interface DigestSite {
  readonly id: Id
  readonly realm: string
  /**
   * Is this `uri` of an answer one of our domains? It need not be the Request-URI, since phones add ports and
   * parameters to the one or the other (RFC 3261 §22.4).
   */
  readonly isOurs: (uri: string) => boolean
}

/** User names are compared as people typed them: octets of the wire are UTF-8. */
function wireText(latin1: string): string {
  return isAscii(latin1) ? latin1 : Buffer.from(latin1, 'latin1').toString('utf8')
}

/** Answers looked at in one request: one per algorithm. */
const MOST_ANSWERS = ALGORITHMS.length

/**
 * [RFC3261-22.3] Of several answers those for our realm; others are for proxies on the way. Some clients answer each
 * challenge of a 401, with another user name even (linphone 5.1 does).
 */
function ownCredentials(request: SipRequest, { realm, isOurs }: DigestSite): Credentials[] {
  const own: Credentials[] = []
  for (const value of headerValues(request, 'Authorization')) {
    const credentials = readCredentials(value)
    if (!credentials || wireText(credentials.realm) !== realm) continue
    // What was meant for another server is no answer to us: many have the same realm.
    if (credentials.uri === request.uri || isOurs(credentials.uri)) own.push(credentials)
    if (own.length === MOST_ANSWERS) break
  }
  return own
}

/** HA1 of the account; of nobody, when there is no account, to go on by the same steps. */
function ha1For(
  account: Pick<DigestAccount, 'ha1'> | undefined,
  { algorithm }: Credentials,
  realm: string,
  nobody: string,
): string {
  return account?.ha1(algorithm, realm) ?? nobody.slice(0, algorithm === 'MD5' ? 32 : 64)
}

/**
 * The account as one that proves the password it had before; undefined when it does not, or that is over. Nobody's is tried
 * where there is none, or the time of the answer would tell who has just been given another one.
 */
function asBefore(
  account: DigestAccount | undefined,
  request: SipRequest,
  credentials: Credentials,
  { realm }: DigestSite,
  { nonces }: Authentication,
  now: Millis,
): DigestAccount | undefined {
  const former = account?.former && account.former.until > now ? account.former : undefined
  const isProved = provesHa1(credentials, request.method, ha1For(former, credentials, realm, nonces.nobody))
  return account && former && isProved ? { ...account, passwordMark: (of) => former.passwordMark(of) } : undefined
}

/**
 * Checks the digest of a request. Unknown users, revoked ones and wrong passwords run through the same steps and
 * end alike. A nonce that is not good any more, or a count used before, is `stale` only when the password was right
 * (RFC 2617 §3.2.1), so the phone recovers by itself and a guesser learns nothing.
 */
export function authenticate(request: SipRequest, site: DigestSite, parts: Authentication, now: Millis): Verdict {
  let verdict: Verdict = { kind: 'challenge' }
  for (const credentials of ownCredentials(request, site)) {
    const next = check(request, credentials, site, parts, now)
    if (next.kind === 'accepted') return next
    if (verdict.kind === 'challenge' || next.kind === 'stale') verdict = next
  }
  return verdict
}

function check(
  request: SipRequest,
  credentials: Credentials,
  site: DigestSite,
  parts: Authentication,
  now: Millis,
): Verdict {
  const { id, realm } = site
  const { accounts, nonces, counts, mayTry } = parts
  const { nonce } = credentials
  const username = wireText(credentials.username)
  if (mayTry?.(username) === false) return { kind: 'barred' }
  const known = accounts.findDigestUser(id, username)
  const tried = known ?? accounts.standIn()
  const proved = provesHa1(credentials, request.method, ha1For(tried, credentials, realm, nonces.nobody))
  const account = proved ? known : asBefore(known, request, credentials, site, parts, now)
  if (!account) return { kind: 'wrong', username, nonce, guess: credentials.response }
  // A nonce of another key is most likely from before a restart of this server.
  if (nonces.check(nonce, now, realm) !== 'good') return { kind: 'stale' }
  // Without qop there is no count (RFC 2069): such a nonce is good for one request.
  const fresh = counts.use(nonces.serial(nonce), nonces.issuedAt(nonce), credentials.qop?.count ?? 1, now)
  return fresh ? { kind: 'accepted', account } : { kind: 'stale' }
}

/** How a phone is challenged. */
export interface Challenge {
  readonly realm: string
  /** Address it is sent to. */
  readonly to: string
  readonly stale: boolean
  /**
   * Only the first challenge: an answer much longer than its question is a weapon against whoever is named as source,
   * and some clients give up at the second one.
   */
  readonly short: boolean
}

/** [RFC8760-2.3] One challenge per algorithm; MD5 first, because old phones look at the first one only. */
export function challengeHeaders(
  request: SipRequest,
  { realm, to, stale, short }: Challenge,
  nonces: Nonces,
  now: Millis,
): Header[] {
  const wireRealm = isAscii(realm) ? realm : Buffer.from(realm, 'utf8').toString('latin1')
  const nonce = nonces.issue(now, realm, to)
  const offered = challengeAlgorithms(headerValue(request, 'User-Agent'))
  return (short ? offered.slice(0, 1) : offered).map((algorithm) => ({
    name: 'WWW-Authenticate',
    value: formatChallenge({ realm: wireRealm, nonce, algorithm, stale }),
  }))
}
