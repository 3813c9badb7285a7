import { splitOutside } from './lexical.js'

/** A header field. `name` in its usual spelling when it is a known one, else as sent; `value` unfolded and trimmed. */
export interface Header {
  readonly name: string
  readonly value: string
}

/** A request. All text is latin1: one character per octet. */
export interface SipRequest {
  readonly kind: 'request'
  readonly method: string
  /** Request-URI as sent. */
  readonly uri: string
  readonly headers: readonly Header[]
  readonly body: string
}

/** A response. All text is latin1: one character per octet. */
export interface SipResponse {
  readonly kind: 'response'
  readonly status: number
  readonly reason: string
  readonly headers: readonly Header[]
  readonly body: string
}

export type SipMessage = SipRequest | SipResponse

/** Header names with a rule of their own here, in their usual spelling. */
const KNOWN_NAMES = [
  'Accept',
  'Accept-Contact',
  'Alert-Info',
  'Allow',
  'Allow-Events',
  'Authorization',
  'Call-ID',
  'Contact',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'CSeq',
  'Date',
  'Event',
  'Expires',
  'From',
  'Identity',
  'Max-Forwards',
  'Min-Expires',
  'Path',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Require',
  'Record-Route',
  'Refer-To',
  'Referred-By',
  'Reject-Contact',
  'Replaces',
  'Request-Disposition',
  'Require',
  'Retry-After',
  'Route',
  'Server',
  'Session-Expires',
  'Subject',
  'Subscription-State',
  'Supported',
  'To',
  'Unsupported',
  'User-Agent',
  'Via',
  'WWW-Authenticate',
] as const

/** RFC 3261 §7.3.3 and the RFCs that added a letter. */
const COMPACT: Record<string, string> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  d: 'Request-Disposition',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  j: 'Reject-Contact',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
  y: 'Identity',
}

const CANONICAL: ReadonlyMap<string, string> = new Map([
  ...KNOWN_NAMES.map((name) => [name, name] as const),
  ...KNOWN_NAMES.map((name) => [name.toLowerCase(), name] as const),
  ...Object.entries(COMPACT),
])

/** The usual spelling of a known name that is written in it, in lower case or compact; undefined for all others. */
export function knownName(name: string): string | undefined {
  return CANONICAL.get(name)
}

/** [RFC3261-7.3.1] Names in any case, compact or long, become one spelling; unknown names stay as sent. */
export function canonicalName(name: string): string {
  return CANONICAL.get(name) ?? CANONICAL.get(name.toLowerCase()) ?? name
}

/** Value of the first field of that (canonical) name. */
export function headerValue(message: { headers: readonly Header[] }, name: string): string | undefined {
  for (const header of message.headers) if (header.name === name) return header.value
  return undefined
}

/** Values of all fields of that name, in order, not split. */
export function headerValues(message: { headers: readonly Header[] }, name: string): string[] {
  const values: string[] = []
  for (const header of message.headers) if (header.name === name) values.push(header.value)
  return values
}

/**
 * [RFC3261-7.3.1] All values of a list header, whether in one field or many. Empty list members are left out.
 * Returns undefined when a quote or bracket stays open.
 */
export function listValues(message: { headers: readonly Header[] }, name: string): string[] | undefined {
  const values: string[] = []
  for (const header of message.headers) {
    if (header.name !== name) continue
    const parts = splitOutside(header.value, ',')
    if (!parts) return undefined
    for (const part of parts) if (part !== '') values.push(part)
  }
  return values
}

/** Option tags of Require, Supported, ... in lower case. */
export function optionTags(message: { headers: readonly Header[] }, name: string): string[] {
  if (headerValue(message, name) === undefined) return []
  return (listValues(message, name) ?? []).map((tag) => tag.toLowerCase())
}
