import ipaddr from 'ipaddr.js'
import type { Endpoint } from '../network/udp.js'
import { parseNameAddr, tagOf } from './headers/name-addr.js'
import { fillVia, type Via } from './headers/via.js'
import type { Header, SipResponse } from './message.js'

/** Reason phrases of the answers given here (RFC 3261 §21). */
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  420: 'Bad Extension',
  423: 'Interval Too Brief',
  439: 'First Hop Lacks Outbound Support',
  481: 'Call/Transaction Does Not Exist',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
}

/** Headers of the request that stand in its answer (RFC 3261 §8.2.6.2), a bit each. */
const ECHOED: ReadonlyMap<string, number> = new Map(
  ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name, index) => [name, 1 << index]),
)

/** What an answer needs of the request, broken ones included. */
export interface Echoed {
  readonly headers: readonly Header[]
  readonly via: Via
}

/** What an answer says. */
export interface Answer {
  readonly status: number
  /** Default: the usual phrase. */
  readonly reason?: string
  readonly headers?: readonly Header[]
}

const bare = (host: string): string => (host.startsWith('[') ? host.slice(1, -1) : host)

function filledVia(field: string, via: Via, source: Endpoint): string {
  // RFC 3581 §4: who asks for rport gets received as well, even when it is no news.
  const differs = bare(via.host) !== source.address
  if (!differs && !via.rport) return field
  return fillVia(field, source.address, via.rport ? source.port : undefined)
}

const TAG = /tag/i

function taggedTo(value: string, tag: string): string {
  if (!TAG.test(value)) return `${value};tag=${tag}`
  const to = parseNameAddr(value)
  return to && tagOf(to) !== undefined ? value : `${value};tag=${tag}`
}

/**
 * [RFC3261-8.2.6] A response: all Via, From, To (with our tag when it had none), Call-ID and CSeq as they came.
 * @param toTag the same one for each retransmission of the request
 */
export function createResponse(to: Echoed, source: Endpoint, toTag: string, answer: Answer): SipResponse {
  const headers: Header[] = []
  let seen = 0
  for (const header of to.headers) {
    const { name, value } = header
    const bit = ECHOED.get(name)
    if (bit === undefined) continue
    const isFirst = (seen & bit) === 0
    seen |= bit
    if (name === 'Via') headers.push(isFirst ? { name, value: filledVia(value, to.via, source) } : header)
    else if (isFirst) headers.push(name === 'To' ? { name, value: taggedTo(value, toTag) } : header)
  }
  if (answer.headers) headers.push(...answer.headers)
  const reason = answer.reason ?? REASONS[answer.status] ?? ''
  return { kind: 'response', status: answer.status, reason, headers, body: '' }
}

function rangeOf(address: string): string {
  const text = bare(address)
  return ipaddr.isValid(text) ? ipaddr.parse(text).range() : 'name'
}

/**
 * Port of the source address to which a UDP answer goes: the source port when the client asked for it (RFC 3581),
 * else the sent-by port (RFC 3261 §18.2.2). A private sent-by seen from a public source is behind NAT, where only
 * the source port leads back. The answer never goes to another address than the source (no reflection by maddr).
 */
export function answerPort(via: Via, source: Endpoint): number {
  if (via.rport) return source.port
  const behindNat = rangeOf(via.host) === 'private' && rangeOf(source.address) === 'unicast'
  return behindNat ? source.port : (via.port ?? 5060)
}
