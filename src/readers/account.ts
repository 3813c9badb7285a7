import type { Secret } from '../domain/secret.js'

/** `dns`: the phone asks DNS (NAPTR, SRV) for transport and port. */
export type AccountTransport = 'udp' | 'tcp' | 'tls' | 'dns'

/** A SIP account as the phone would use it after it has loaded the file. */
export interface PhoneAccount {
  /** 1-based. */
  readonly index: number
  /** The phone registers it. */
  readonly active: boolean
  /** User part of the address of record. */
  readonly user: string
  /** Digest user name; the phone's rule for a missing one is applied. */
  readonly authUser: string
  readonly password: Secret
  /** Host of the registrar. */
  readonly server: string
  readonly port: number
  readonly transport: AccountTransport
  readonly displayName: string
  readonly label: string
  /** Wanted registration time, in seconds. */
  readonly expiresSeconds: number
  /** Where the phone sends its requests instead, when given. */
  readonly outboundProxy?: { readonly host: string; readonly port: number }
}

/** A programmable key that does something. */
export interface PhoneKey {
  /** The vendor's word: linekey, memorykey, programablekey, expansion_module.1, fkey, gui_fkey, vpk, mpk, ext. */
  readonly bank: string
  /** As numbered in the file: from 1, but from 0 for Snom's fkey. */
  readonly position: number
  /** The vendor's code or word of the key's kind: "16", "blf", "BLF". */
  readonly code: string
  /** Number, URL or digits; '' when there is none. */
  readonly value: string
  readonly label: string
  /** 1-based account; undefined: whichever is active. */
  readonly account?: number
  /** Code that picks up a ringing call, where the file holds it with the key. */
  readonly pickup?: string
}

/** What decides between parameters of firmware generations. */
export interface PhoneTraits {
  /** Yealink: second number of the firmware version, 72 or 84; undefined: unknown. */
  readonly generation?: number
}

/** Splits `host[:port]`, IPv6 in brackets; `sip:` before it and `;parameters` behind it are taken off. */
export function parseHostPort(text: string): { host: string; port?: number } {
  const bare = text
    .trim()
    .replace(/^sips?:/i, '')
    .replace(/;.*$/s, '')
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::(\d{1,5}))?$/i.exec(bare)
  if (!match) return { host: bare }
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '')
  return match[2] === undefined ? { host } : { host, port: Number(match[2]) }
}

/** A number when `text` is one in decimal digits, else the phone's default. */
export function numberOr(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : fallback
}
