import { isToken, type Param, parseParams, splitOutside, trimLws, unquote } from '../lexical.js'
import { parseHostPort } from '../uri.js'

/** One Via value (RFC 3261 §20.42). */
export interface Via {
  /** UDP, TCP, TLS, ... in upper case. */
  readonly transport: string
  /** Host of sent-by: lower case, IPv6 in brackets and canonical. */
  readonly host: string
  readonly port: number | undefined
  /** '' when the parameter is missing (RFC 2543 clients). */
  readonly branch: string
  /** RFC 3581: the client asks for its answer at the port it sent from. */
  readonly rport: boolean
  readonly params: readonly Param[]
}

const VERSION = /^\d+\.\d+$/
const PLAIN = /^SIP\/2\.0\/([A-Z]+) ([^ \t/]+)$/

/** What a field may not hold that ends with `;rport` and can be filled by adding to it, as with nearly all phones. */
const NOT_ADDED_TO = /["<>,\t]|; | ;|;(?:received|rport)(?!$)/i

/** `host : port` as `host:port`; a blank within a host is left, and makes it unreadable. */
function withoutBlanks(sentBy: string): string {
  return /[ \t]/.test(sentBy) ? sentBy.split(':').map(trimLws).join(':') : sentBy
}

/** Reads `SIP / 2.0 / UDP host[:port] ;params`, blanks allowed where the grammar has SLASH, SEMI, EQUAL or COLON. */
function parseVia(text: string): Via | undefined {
  const semicolon = text.indexOf(';')
  const head = semicolon < 0 ? text : text.slice(0, semicolon)
  const params = parseParams(semicolon < 0 ? '' : text.slice(semicolon))
  const protocol = params && readProtocol(head)
  const sentBy = protocol && parseHostPort(protocol.sentBy)
  if (!params || !protocol || !sentBy) return undefined
  let branch: string | undefined
  let rport = false
  for (const { name, value } of params) {
    if (name === 'branch') branch ??= unquote(value ?? '')
    else if (name === 'rport') rport = true
  }
  const { host, port } = sentBy
  return { transport: protocol.transport, host, port, branch: branch ?? '', rport, params }
}

/** `SIP / 2.0 / UDP host[:port]`; blanks where they may be. */
function readProtocol(head: string): { transport: string; sentBy: string } | undefined {
  // Nearly all are written like this.
  const plain = PLAIN.exec(head)
  if (plain) return { transport: plain[1] ?? '', sentBy: plain[2] ?? '' }
  const [name, version, rest, ...more] = head.split('/')
  if (name === undefined || version === undefined || rest === undefined || more.length > 0) return undefined
  // Any version: a request of another one is still answered, with 505 (RFC 4475 §3.1.2.16).
  if (trimLws(name).toUpperCase() !== 'SIP' || !VERSION.test(trimLws(version))) return undefined
  const target = trimLws(rest)
  const blank = target.search(/[ \t]/)
  if (blank < 0) return undefined
  const transport = target.slice(0, blank)
  if (!isToken(transport)) return undefined
  return { transport: transport.toUpperCase(), sentBy: withoutBlanks(target.slice(blank + 1)) }
}

/** The first value of the first Via field; undefined when it cannot be read. */
export function topVia(field: string): Via | undefined {
  const first = splitOutside(field, ',')?.[0]
  return first === undefined ? undefined : parseVia(first)
}

/**
 * The first Via field as it goes into a response: `received` and `rport` of the topmost value filled, everything
 * else as it came (RFC 3261 §18.2.1, RFC 3581 §4).
 * @param received source address without brackets; undefined leaves it out
 * @param rport source port; undefined when the client did not ask
 */
export function fillVia(field: string, received: string | undefined, rport: number | undefined): string {
  if (received !== undefined && rport !== undefined && field.endsWith(';rport') && !NOT_ADDED_TO.test(field)) {
    return `${field}=${rport};received=${received}`
  }
  const [top, ...others] = splitOutside(field, ',') ?? [field]
  const pieces = splitOutside(top ?? '', ';') ?? [top ?? '']
  const kept = pieces.filter((piece, index) => index === 0 || !/^(received|rport)[ \t]*(=|$)/i.test(piece))
  if (rport !== undefined) kept.push(`rport=${rport}`)
  if (received !== undefined) kept.push(`received=${received}`)
  return [kept.join(';'), ...others].join(', ')
}
