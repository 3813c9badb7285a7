import { LIMITS, type Head, splitHead } from './head.js'
import { type NameAddr, parseNameAddr } from './headers/name-addr.js'
import { topVia, type Via } from './headers/via.js'
import { hasControl, isBlank, isToken, owned, parseDecimal, trimLws } from './lexical.js'
import { type Header, headerValue, headerValues, type SipRequest, type SipResponse } from './message.js'
import { parseSipUri, type SipUri, uriScheme } from './uri.js'

/** The headers that every message needs, read (RFC 3261 §8.1.1). */
interface Envelope {
  /** Topmost Via. */
  readonly via: Via
  readonly from: NameAddr
  readonly to: NameAddr
  readonly callId: string
  readonly cseq: { readonly number: number; readonly method: string }
}

/** An envelope of a request, with what only requests have. */
export interface RequestEnvelope extends Envelope {
  readonly uri: SipUri
  /** Undefined when the header is missing, which old phones do. */
  readonly maxForwards: number | undefined
}

/** What a sender of a broken request can still be told: headers to echo, and where its answer goes. */
interface Answerable {
  readonly method: string
  readonly headers: readonly Header[]
  readonly via: Via
}

/** What became of some octets. Reading never throws. */
export type Parsed =
  | { readonly kind: 'request'; readonly request: SipRequest; readonly envelope: RequestEnvelope }
  | { readonly kind: 'response'; readonly response: SipResponse; readonly envelope: Envelope }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly answerTo: Answerable }
  | { readonly kind: 'dropped'; readonly why: string }

/** Headers that may stand only once (RFC 3261 §7.3.1, RFC 4475 §3.3.8 and §3.3.9), a bit each. */
const SINGLE: ReadonlyMap<string, number> = new Map(
  [
    'To',
    'From',
    'Call-ID',
    'CSeq',
    'Max-Forwards',
    'Content-Length',
    'Content-Type',
    'Expires',
    'Min-Expires',
    'Event',
    'Subscription-State',
    'Refer-To',
    'Replaces',
    'Session-Expires',
  ].map((name, index) => [name, 1 << index]),
)
const MAX_CSEQ = 2 ** 31 - 1

interface Problem {
  readonly status: number
  readonly reason: string
}

const bad = (reason: string): Problem => ({ status: 400, reason })
const isProblem = (value: object): value is Problem => 'status' in value && 'reason' in value

function findDoubled(headers: readonly Header[]): string | undefined {
  let seen = 0
  for (const { name } of headers) {
    const bit = SINGLE.get(name) ?? 0
    if ((seen & bit) !== 0) return name
    seen |= bit
  }
  return undefined
}

function readCSeq(value: string): Envelope['cseq'] | undefined {
  let blank = 0
  while (blank < value.length && !isBlank(value.charCodeAt(blank))) blank += 1
  if (blank === value.length) return undefined
  const number = parseDecimal(value.slice(0, blank), MAX_CSEQ)
  const method = trimLws(value.slice(blank))
  // RFC 3261 §8.1.1.5: less than 2**31.
  if (number === undefined || number > MAX_CSEQ || !isToken(method)) return undefined
  return { number, method }
}

function readEnvelope(headers: readonly Header[]): Envelope | Problem {
  const doubled = findDoubled(headers)
  if (doubled !== undefined) return bad(`Two ${doubled} Headers`)
  const message = { headers }
  const via = topVia(headerValue(message, 'Via') ?? '')
  if (!via) return bad('Bad Via')
  const from = parseNameAddr(headerValue(message, 'From') ?? '')
  if (!from) return bad('Bad From')
  const to = parseNameAddr(headerValue(message, 'To') ?? '')
  if (!to) return bad('Bad To')
  const callId = headerValue(message, 'Call-ID') ?? ''
  if (callId === '' || /\s/.test(callId) || hasControl(callId)) return bad('Bad Call-ID')
  const cseq = readCSeq(headerValue(message, 'CSeq') ?? '')
  if (!cseq) return bad('Bad CSeq')
  return { via, from, to, callId, cseq }
}

/** Content-Length as a number; undefined when missing; a problem when it is not one number, or too large. */
export function contentLength(headers: readonly Header[]): number | undefined | Problem {
  const values = headerValues({ headers }, 'Content-Length')
  const [first] = values
  if (first === undefined) return undefined
  const length = parseDecimal(first, LIMITS.bodyBytes)
  if (length === undefined || values.length > 1) return bad('Bad Content-Length')
  return length > LIMITS.bodyBytes ? { status: 413, reason: 'Request Entity Too Large' } : length
}

function answerable(head: Head, method: string): Answerable | undefined {
  const wanted = ['Via', 'From', 'To', 'Call-ID', 'CSeq']
  if (wanted.some((name) => headerValue(head, name) === undefined)) return undefined
  const via = topVia(headerValue(head, 'Via') ?? '')
  return via && { method, headers: head.headers, via }
}

/** A refusal of a request: answered if the sender can be told, else dropped. Nobody answers an ACK. */
function refuse(head: Head, { status, reason }: Problem): Parsed {
  const method = head.startLine.split(' ', 1)[0] ?? ''
  const answerTo = method === 'ACK' ? undefined : answerable(head, method)
  return answerTo ? { kind: 'refused', status, reason, answerTo } : { kind: 'dropped', why: reason }
}

/** [RFC3261-7.1] Method SP Request-URI SP SIP-Version, one space each. */
function readRequestLine(line: string): { method: string; uri: string } | Problem {
  const first = line.indexOf(' ')
  const second = line.indexOf(' ', first + 1)
  if (first < 0 || second < 0 || line.includes(' ', second + 1)) return bad('Bad Request Line')
  const method = line.slice(0, first)
  const uri = line.slice(first + 1, second)
  const version = line.slice(second + 1)
  if (method !== 'REGISTER' && !isToken(method)) return bad('Bad Method')
  if (version !== 'SIP/2.0') {
    if (!/^SIP\/\d+\.\d+$/i.test(version)) return bad('Bad Request Line')
    if (version.toUpperCase() !== 'SIP/2.0') return { status: 505, reason: 'Version Not Supported' }
  }
  if (uri.length > LIMITS.uriBytes) return { status: 414, reason: 'Request-URI Too Long' }
  return { method, uri }
}

let lastUri: { readonly text: string; readonly uri: SipUri } | undefined

function readRequestUri(text: string): SipUri | Problem {
  // Phones of one office all ask for the same URI.
  if (lastUri?.text === text) return lastUri.uri
  const scheme = uriScheme(text)
  if (scheme === undefined) return bad('Bad Request-URI')
  if (scheme !== 'sip' && scheme !== 'sips') return { status: 416, reason: 'Unsupported URI Scheme' }
  const uri = parseSipUri(text)
  // RFC 3261 §19.1.1: no headers in a Request-URI.
  if (!uri || uri.headers.length > 0) return bad('Bad Request-URI')
  const own = owned(text)
  lastUri = { text: own, uri: parseSipUri(own) ?? uri }
  return uri
}

function readMaxForwards(headers: readonly Header[]): number | undefined | Problem {
  const text = headerValue({ headers }, 'Max-Forwards')
  if (text === undefined) return undefined
  const value = parseDecimal(text, 255)
  return value === undefined || value > 255 ? bad('Bad Max-Forwards') : value
}

function readRequest(head: Head, body: string): Parsed {
  const line = readRequestLine(head.startLine)
  if (isProblem(line)) return refuse(head, line)
  if (head.problem) return refuse(head, head.problem)
  const envelope = readEnvelope(head.headers)
  if (isProblem(envelope)) return refuse(head, envelope)
  // RFC 3261 §8.1.1.5
  if (envelope.cseq.method !== line.method) return refuse(head, bad('CSeq Does Not Match Method'))
  const uri = readRequestUri(line.uri)
  if (isProblem(uri)) return refuse(head, uri)
  const maxForwards = readMaxForwards(head.headers)
  if (typeof maxForwards === 'object') return refuse(head, maxForwards)
  const { via, from, to, callId, cseq } = envelope
  return {
    kind: 'request',
    request: { kind: 'request', method: line.method, uri: line.uri, headers: head.headers, body },
    envelope: { via, from, to, callId, cseq, uri, maxForwards },
  }
}

function readResponse(head: Head, body: string): Parsed {
  const match = /^SIP\/2\.0 ([1-6][0-9][0-9])(?: (.*))?$/i.exec(head.startLine)
  if (!match || head.problem) return { kind: 'dropped', why: 'malformed response' }
  const envelope = readEnvelope(head.headers)
  if (isProblem(envelope)) return { kind: 'dropped', why: envelope.reason }
  const response: SipResponse = {
    kind: 'response',
    status: Number(match[1]),
    reason: match[2] ?? '',
    headers: head.headers,
    body,
  }
  return { kind: 'response', response, envelope }
}

const isResponseHead = (head: Head): boolean => /^SIP\/\d/i.test(head.startLine)

/** Reads a message whose head was split and whose body was framed already. */
export function readMessage(head: Head, body: string): Parsed {
  return isResponseHead(head) ? readResponse(head, body) : readRequest(head, body)
}

/** Refuses a request, drops a response, for a mistake of framing. */
export function refuseFraming(head: Head, problem: { status: number; reason: string }): Parsed {
  return isResponseHead(head) ? { kind: 'dropped', why: problem.reason } : refuse(head, problem)
}

/** Skips CRLFs before the start line (RFC 3261 §7.5); returns where it begins. */
function skipBlankLines(text: string): number {
  let start = 0
  while (text.startsWith('\r\n', start)) start += 2
  return start
}

/**
 * Reads one datagram (latin1 text). [RFC3261-18.3] Octets beyond Content-Length are discarded; fewer are a mistake;
 * without Content-Length the body ends with the datagram. Never throws.
 */
export function parseDatagram(text: string): Parsed {
  const start = skipBlankLines(text)
  if (text.length - start < 16) return { kind: 'dropped', why: 'too short' }
  const end = text.indexOf('\r\n\r\n', start)
  const head = splitHead(text.slice(start, end < 0 ? text.length : end))
  if (end < 0) return refuseFraming(head, bad('Headers Not Ended'))
  const length = contentLength(head.headers)
  if (typeof length === 'object') return refuseFraming(head, length)
  const bodyStart = end + 4
  if (length !== undefined && bodyStart + length > text.length) return refuseFraming(head, bad('Body Cut Short'))
  return readMessage(head, text.slice(bodyStart, length === undefined ? text.length : bodyStart + length))
}
