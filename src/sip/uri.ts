import ipaddr from 'ipaddr.js'
import { parseDecimal } from './lexical.js'

/** A `sip:` or `sips:` URI (RFC 3261 §19.1). User, password, parameters and headers are kept escaped, as sent. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips'
  readonly user?: string
  readonly password?: string
  /** Lower case; an IPv6 address in brackets and canonical (RFC 5952). */
  readonly host: string
  readonly port?: number
  /** Names in lower case; '' for a parameter without value. */
  readonly params: ReadonlyMap<string, string>
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** Parameters that make a difference when only one of two URIs has them (RFC 3261 §19.1.4). */
const TELLING_PARAMS = ['user', 'ttl', 'method', 'maddr', 'transport'] as const

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/
// What must never stand raw in a URI; wider than the grammar, because phones send # and UTF-8 unescaped.

const FORBIDDEN = /[\x00-\x20\x7f"<>\\^`{|}]/
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/

/** Scheme of any URI in lower case, or undefined. */
export function uriScheme(text: string): string | undefined {
  if (text.startsWith('sip:')) return 'sip'
  return SCHEME.exec(text)?.[1]?.toLowerCase()
}

/** `host[:port]` of a URI or a Via; undefined when it is neither a name, an IPv4 nor a bracketed IPv6 address. */
export function parseHostPort(text: string): { host: string; port?: number } | undefined {
  let host = text
  let portText: string | undefined
  if (text.startsWith('[')) {
    const close = text.indexOf(']')
    const inside = text.slice(1, close)
    if (close < 0 || !ipaddr.IPv6.isValid(inside) || inside.includes('%')) return undefined
    host = `[${ipaddr.IPv6.parse(inside).toRFC5952String()}]`
    const rest = text.slice(close + 1)
    if (rest !== '') {
      if (!rest.startsWith(':')) return undefined
      portText = rest.slice(1)
    }
  } else {
    const colon = text.indexOf(':')
    if (colon >= 0) {
      host = text.slice(0, colon)
      portText = text.slice(colon + 1)
    }
    if (host.length > 255 || !HOST_NAME.test(host)) return undefined
    host = host.toLowerCase()
  }
  if (portText === undefined) return { host }
  const port = parseDecimal(portText, 65_535)
  if (port === undefined || port < 1 || port > 65_535) return undefined
  return { host, port }
}

const NO_PARAMS: ReadonlyMap<string, string> = new Map()
const NO_HEADERS: SipUri['headers'] = []

function parseUriParams(text: string): ReadonlyMap<string, string> | undefined {
  if (text === '') return NO_PARAMS
  const params = new Map<string, string>()
  for (const piece of text.slice(1).split(';')) {
    const equals = piece.indexOf('=')
    const name = (equals < 0 ? piece : piece.slice(0, equals)).toLowerCase()
    // RFC 3261 §19.1.1: a parameter name must not appear twice.
    if (name === '' || params.has(name)) return undefined
    params.set(name, equals < 0 ? '' : piece.slice(equals + 1))
  }
  return params
}

function parseUriHeaders(text: string): SipUri['headers'] | undefined {
  if (text === '') return NO_HEADERS
  const headers: (readonly [string, string])[] = []
  for (const piece of text.slice(1).split('&')) {
    const equals = piece.indexOf('=')
    if (equals < 1) return undefined
    headers.push([piece.slice(0, equals), piece.slice(equals + 1)])
  }
  return headers
}

function parseUserInfo(text: string): { user: string; password?: string } | undefined {
  const colon = text.indexOf(':')
  const user = colon < 0 ? text : text.slice(0, colon)
  if (user === '') return undefined
  if (colon < 0) return { user }
  const password = text.slice(colon + 1)
  return password.includes(':') ? undefined : { user, password }
}

/**
 * Reads a `sip:` or `sips:` URI. The user part may hold `; ? / & = + $ ,`, so the `@` is looked for first, and there
 * must be at most one. Returns undefined for anything that is not such a URI.
 */
export function parseSipUri(text: string): SipUri | undefined {
  const scheme = uriScheme(text)
  if (scheme !== 'sip' && scheme !== 'sips') return undefined
  if (FORBIDDEN.test(text) || (text.includes('%') && BAD_ESCAPE.test(text))) return undefined
  let rest = text.slice(scheme.length + 1)
  const at = rest.indexOf('@')
  const info = at < 0 ? undefined : parseUserInfo(rest.slice(0, at))
  if (at >= 0) {
    if (!info || rest.includes('@', at + 1)) return undefined
    rest = rest.slice(at + 1)
  }
  const question = rest.indexOf('?')
  const headers = parseUriHeaders(question < 0 ? '' : rest.slice(question))
  if (question >= 0) rest = rest.slice(0, question)
  const semicolon = rest.indexOf(';')
  const params = parseUriParams(semicolon < 0 ? '' : rest.slice(semicolon))
  const target = parseHostPort(semicolon < 0 ? rest : rest.slice(0, semicolon))
  if (!headers || !params || !target) return undefined
  // Without spreading: this is done several times for every request.
  const uri: { -readonly [K in keyof SipUri]: SipUri[K] } = { scheme, host: target.host, params, headers }
  if (info) uri.user = info.user
  if (info?.password !== undefined) uri.password = info.password
  if (target.port !== undefined) uri.port = target.port
  return uri
}

/** Writes a URI in the order of the grammar. */
export function formatSipUri(uri: SipUri): string {
  const user = uri.user === undefined ? '' : uri.user + (uri.password === undefined ? '' : `:${uri.password}`) + '@'
  const port = uri.port === undefined ? '' : `:${uri.port}`
  const params = [...uri.params].map(([name, value]) => (value === '' ? `;${name}` : `;${name}=${value}`)).join('')
  const headers = uri.headers.map(([name, value]) => `${name}=${value}`).join('&')
  return `${uri.scheme}:${user}${uri.host}${port}${params}${headers === '' ? '' : `?${headers}`}`
}

const NOT_PLAIN = /[^A-Za-z0-9\-_.!~*'();/?:@&=+$,[\]]/
const UNRESERVED = /[A-Za-z0-9\-_.!~*'()]/
const RESERVED = /[;/?:@&=+$,[\]]/

function escapeOctet(code: number): string {
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
}

/**
 * One spelling for all escapings that mean the same: `%61` becomes `a`, other escapes get upper-case digits, and
 * octets that should have been escaped are. A reserved character and its escape stay different (RFC 3261 §19.1.4).
 */
export function normaliseEscapes(text: string): string {
  if (!NOT_PLAIN.test(text)) return text
  return text.replace(/%([0-9A-Fa-f]{2})|[^%]/g, (whole, hex: string | undefined) => {
    if (hex === undefined) {
      return UNRESERVED.test(whole) || RESERVED.test(whole) ? whole : escapeOctet(whole.charCodeAt(0) & 255)
    }
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return UNRESERVED.test(character) ? character : `%${hex.toUpperCase()}`
  })
}

/** The octets behind the escapes, each once: `%2561` gives `%61`. */
export function unescapeUri(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function paramText(value: string): string {
  return normaliseEscapes(value).toLowerCase()
}

function headersText(uri: SipUri): string {
  return uri.headers
    .map(([name, value]) => `${normaliseEscapes(name).toLowerCase()}=${normaliseEscapes(value)}`)
    .sort()
    .join('&')
}

/**
 * The parts in which equal URIs never differ. Two URIs with different keys are different; with the same key
 * `sameUri` must still look at the parameters that both have.
 */
export function uriKey(uri: SipUri): string {
  return keyOf(uri, uri.params, uri.headers)
}

function keyOf(uri: SipUri, params: SipUri['params'], uriHeaders: SipUri['headers']): string {
  const user = uri.user === undefined ? '' : `${normaliseEscapes(uri.user)}`
  const password = uri.password === undefined ? '' : `:${normaliseEscapes(uri.password)}`
  const at = uri.user === undefined ? '' : '@'
  let telling = ''
  for (const name of params.size === 0 ? [] : TELLING_PARAMS) {
    const value = params.get(name)
    if (value !== undefined) telling += `;${name}=${paramText(value)}`
  }
  const headers = uriHeaders.length === 0 ? '' : `?${headersText(uri)}`
  return `${uri.scheme}:${user}${password}${at}${uri.host}${uri.port ? `:${uri.port}` : ''}${telling}${headers}`
}

/**
 * [RFC3261-19.1.4] Are two URIs the same? Reflexive and symmetric; transitive only among URIs with the same
 * parameter names, because a parameter that one of the two lacks is not compared.
 */
export function sameUri(a: SipUri, b: SipUri): boolean {
  if (uriKey(a) !== uriKey(b)) return false
  for (const [name, value] of a.params) {
    const other = b.params.get(name)
    if (other !== undefined && paramText(other) !== paramText(value)) return false
  }
  return true
}

/** One text per URI, all parameters included and sorted: what a table can be keyed by. */
export function canonicalUri(uri: SipUri): string {
  const params: string[] = []
  for (const [name, value] of uri.params) params.push(value === '' ? `;${name}` : `;${name}=${paramText(value)}`)
  if (params.length > 1) params.sort()
  const headers = uri.headers.length === 0 ? '' : `?${headersText(uri)}`
  const bare = keyOf(uri, NO_PARAMS, NO_HEADERS)
  return `${bare}${params.join('')}${headers}`
}
