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
