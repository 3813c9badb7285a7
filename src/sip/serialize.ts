import { hasControl, isToken } from './lexical.js'
import { type Header, knownName, type SipMessage } from './message.js'

/** Something that must not go onto the wire: a line break or a space where it would change the message. */
export class SipInjectionError extends Error {
  constructor(part: string) {
    super(`${part} would break the SIP message`)
    this.name = 'SipInjectionError'
  }
}

function refuseBreaks(text: string, part: string): string {
  if (text.includes('\r') || text.includes('\n')) throw new SipInjectionError(part)
  return text
}

function startLine(message: SipMessage): string {
  if (message.kind === 'response') {
    if (!Number.isInteger(message.status) || message.status < 100 || message.status > 699) {
      throw new SipInjectionError('status')
    }
    return `SIP/2.0 ${message.status} ${refuseBreaks(message.reason, 'reason phrase')}`
  }
  if (!isToken(message.method)) throw new SipInjectionError('method')
  if (message.uri === '' || message.uri.includes(' ') || hasControl(message.uri)) {
    throw new SipInjectionError('Request-URI')
  }
  return `${message.method} ${message.uri} SIP/2.0`
}

function headerLine(header: Header): string {
  if (knownName(header.name) === undefined && !isToken(header.name)) throw new SipInjectionError('header name')
  return `${header.name}: ${refuseBreaks(header.value, header.name)}\r\n`
}

/**
 * The message in latin1 text, one character per octet. Content-Length is always written from the body, last.
 * @throws SipInjectionError when a part holds CR, LF or another octet that would change the structure
 */
export function serialize(message: SipMessage): string {
  let text = `${startLine(message)}\r\n`
  for (const header of message.headers) if (header.name !== 'Content-Length') text += headerLine(header)
  return `${text}Content-Length: ${message.body.length}\r\n\r\n${message.body}`
}

/** Names that stand in every answer, with their letters. */
const LETTERS: readonly (readonly [name: string, letter: string])[] = [
  ['Via', 'v'],
  ['From', 'f'],
  ['To', 't'],
  ['Call-ID', 'i'],
]

/** [RFC3261-7.3.3] A message without a body in compact form, for one datagram, which needs no Content-Length (§20.14). */
export function compacted(text: string): string {
  let short = text.replace('\r\nContent-Length: 0\r\n', '\r\n')
  for (const [name, letter] of LETTERS) short = short.replaceAll(`\r\n${name}: `, `\r\n${letter}:`)
  return short
}
