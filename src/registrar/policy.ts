import { ALGORITHMS, type DigestAlgorithm } from '../sip/digest.js'

/** What the registrar grants. Times in seconds. */
export interface RegistrarPolicy {
  /** Granted to a phone that asks for nothing. */
  readonly defaultExpires: number
  /** Shorter wishes are refused with 423; but an hour or more is never refused (RFC 3261 §10.3 step 7). */
  readonly minExpires: number
  /** Longer wishes are cut to this. */
  readonly maxExpires: number
  /** Bindings of one address of record, unless the extension says otherwise. */
  readonly maxContacts: number
  /** Contacts in one request. */
  readonly maxContactsPerRequest: number
}

export const DEFAULT_POLICY: RegistrarPolicy = {
  defaultExpires: 3_600,
  minExpires: 60,
  maxExpires: 7_200,
  maxContacts: 10,
  maxContactsPerRequest: 10,
}

/** Methods that are answered with something else than 405. */
export const ALLOW = 'REGISTER, OPTIONS'
/** Extensions understood (option tags). */
export const SUPPORTED = ['path', 'outbound'] as const

/** Clients that give up when any challenge names another algorithm than MD5. Seen: baresip 1.0.0. */
const MD5_ONLY = [/^baresip v[01]\./]

/**
 * Algorithms to offer, in this order (RFC 8760 §2.3). It depends on the User-Agent of the request alone, never on the
 * user, so it tells nobody who exists.
 */
export function challengeAlgorithms(userAgent: string | undefined): readonly DigestAlgorithm[] {
  return MD5_ONLY.some((pattern) => pattern.test(userAgent ?? '')) ? ['MD5'] : ALGORITHMS
}
