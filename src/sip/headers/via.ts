import { isToken, type Param, paramValue, parseParams, splitOutside, trimLws } from '../lexical.js'
import { parseHostPort } from '../uri.js'

/** One Via value (RFC 3261 §20.42). */
export interface Via {
  /** UDP, TCP, TLS, ... in upper case. */
  readonly transport: string
  /** Host of sent-by: lower case, IPv6 in brackets and canonical. */
  readonly host: string
  readonly port?: number
  /** '' when the parameter is missing (RFC 2543 clients). */
  readonly branch: string
  /** RFC 3581: the client asks for its answer at the port it sent from. */
  readonly rport: boolean
  readonly params: readonly Param[]
}

const VERSION = /^\d+\.\d+$/

/** `host : port` as `host:port`; a blank within a host is left, and makes it unreadable. */
function withoutBlanks(sentBy: string): string {
  return /[ \t]/.test(sentBy) ? sentBy.split(':').map(trimLws).join(':') : sentBy
}

/** Reads `SIP / 2.0 / UDP host[:port] ;params`, blanks allowed where the grammar has SLASH, SEMI, EQUAL or COLON. */
function parseVia(text: string): Via | undefined {
  const semicolon = text.indexOf(';')
  const head = semicolon < 0 ? text : text.slice(0, semicolon)
  const params = parseParams(semicolon < 0 ? '' : text.slice(semicolon))
  if (!params) return undefined
  const [name, version, rest, ...more] = head.split('/')
  if (name === undefined || version === undefined || rest === undefined || more.length > 0) return undefined
  // Any version: a request of another one is still answered, with 505 (RFC 4475 §3.1.2.16).
  if (trimLws(name).toUpperCase() !== 'SIP' || !VERSION.test(trimLws(version))) return undefined
  const target = trimLws(rest)
  const blank = target.search(/[ \t]/)
  if (blank < 0) return undefined
  const transport = target.slice(0, blank)
  const sentBy = parseHostPort(withoutBlanks(target.slice(blank + 1)))
  if (!isToken(transport) || !sentBy) return undefined
  return {
    transport: transport.toUpperCase(),
    ...sentBy,
    branch: paramValue(params, 'branch') ?? '',
    rport: params.some((param) => param.name === 'rport'),
    params,
  }
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
  const [top, ...others] = splitOutside(field, ',') ?? [field]
  const pieces = splitOutside(top ?? '', ';') ?? [top ?? '']
  const kept = pieces.filter((piece, index) => index === 0 || !/^(received|rport)[ \t]*(=|$)/i.test(piece))
  if (rport !== undefined) kept.push(`rport=${rport}`)
  if (received !== undefined) kept.push(`received=${received}`)
  return [kept.join(';'), ...others].join(', ')
}
