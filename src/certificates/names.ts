import type { Millis } from '../domain/clock.js'
import { normaliseAddress } from '../network/address.js'

/** What a certificate is good for. Both lists are sorted and without doubles. */
export interface CertificateNames {
  /** In lower case. */
  dns: readonly string[]
  /** Normalised IP addresses. */
  addresses: readonly string[]
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*$/

/**
 * Every name and address that a phone may have in its URL (decision 14): PHONEBOOT_HOST, the machine's host name and
 * all its addresses; localhost too, for checks on the machine itself. Addresses with a zone are no part of a URL.
 */
export function certificateNames(machine: {
  /** PHONEBOOT_HOST: a name or an address. */
  advertisedHost?: string | undefined
  /** What phones take a SIP server's certificate for (RFC 5922 §7.1). */
  sipDomain?: string | undefined
  hostName: string
  addresses: readonly string[]
}): CertificateNames {
  const texts = [
    machine.advertisedHost ?? '',
    machine.sipDomain ?? '',
    machine.hostName,
    'localhost',
    '127.0.0.1',
    ...machine.addresses,
  ]
  const addresses = texts.map(normaliseAddress).filter((text) => text !== undefined && !text.includes('%'))
  const dns = texts
    .filter((text) => normaliseAddress(text) === undefined)
    .map((text) => text.toLowerCase().replace(/\.$/, ''))
    .filter((text) => HOST_NAME.test(text))
  return { dns: sorted(dns), addresses: sorted(addresses.filter((address) => address !== undefined)) }
}

/** Reads the subject alternative names as Node tells them: `DNS:localhost, IP Address:127.0.0.1`. */
export function parseSubjectAltName(text: string | undefined): CertificateNames {
  const entries = (text ?? '').split(', ')
  const of = (kind: string): string[] =>
    entries.filter((entry) => entry.startsWith(kind)).map((entry) => entry.slice(kind.length))
  return {
    dns: sorted(of('DNS:').map((name) => name.toLowerCase())),
    addresses: sorted(of('IP Address:').map((address) => normaliseAddress(address) ?? address)),
  }
}

function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort()
}

const DAY: Millis = 86_400_000
/** Clients refuse certificates of more than 398 days. */
const LEAF_DAYS = 397
/** So many days before its end a certificate is replaced. */
const RENEW_DAYS = 30
const CA_DAYS = 20 * 365
/** Phones' clocks may be a little slow. */
const BACKDATE = DAY
/** Phones that count seconds in 32 bits take a later date for one long past. */
const LAST_32_BIT_DAY: Millis = Date.UTC(2037, 11, 31)

/** When a certificate is valid. */
export interface Validity {
  notBefore: Millis
  notAfter: Millis
}

/** Of a new CA: 20 years, yet not past 2037 as long as that leaves five years. */
export function caValidity(now: Millis): Validity {
  const wanted = now + CA_DAYS * DAY
  const capped = LAST_32_BIT_DAY - now > 5 * 365 * DAY ? Math.min(wanted, LAST_32_BIT_DAY) : wanted
  return { notBefore: now - BACKDATE, notAfter: capped }
}

/** Of a new server certificate: within the CA's, also while this machine's clock is wrong. */
export function leafValidity(now: Millis, ca: Validity): Validity {
  const from = Math.max(now, ca.notBefore + BACKDATE)
  return { notBefore: from - BACKDATE, notAfter: Math.min(from + LEAF_DAYS * DAY, ca.notAfter) }
}

/** A server certificate as it is. */
export interface Issued extends Validity {
  names: CertificateNames
}

/**
 * Why the server certificate must be made anew; undefined while it will do, or while a new one would be no better. A
 * name too many is left until the next time: an interface that comes and goes would make a new certificate each time.
 */
export function reissueReason(
  issued: Issued | undefined,
  wanted: CertificateNames,
  ca: Validity,
  now: Millis,
): string | undefined {
  if (!issued) return 'there is none that is usable'
  const missing = [
    ...wanted.dns.filter((name) => !issued.names.dns.includes(name)),
    ...wanted.addresses.filter((address) => !issued.names.addresses.includes(address)),
  ]
  if (missing.length > 0) return `it does not hold ${missing.join(', ')}`
  const possible = leafValidity(now, ca)
  if (now < issued.notBefore && possible.notBefore < issued.notBefore) return 'it is not valid yet'
  const endsSoon = issued.notAfter - now < RENEW_DAYS * DAY
  return endsSoon && possible.notAfter > issued.notAfter ? 'it ends soon' : undefined
}

/** True when a CA is so near its end that a new one is due. A clock set back never makes a CA useless. */
export function caEndsSoon(ca: Validity, now: Millis): boolean {
  return ca.notAfter - now < RENEW_DAYS * DAY
}
