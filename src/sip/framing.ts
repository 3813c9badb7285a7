import { LIMITS, type Head, splitHead } from './head.js'
import { contentLength, type Parsed, readMessage, refuseFraming } from './parse.js'

/** What came out of a stream. After `broken` the connection must be closed: nobody knows where a message begins. */
export type Framed =
  | { readonly kind: 'message'; readonly parsed: Parsed }
  | { readonly kind: 'ping' }
  | { readonly kind: 'broken'; readonly parsed: Parsed }

/**
 * Cuts a byte stream into messages by Content-Length (RFC 3261 §18.3). Segments may be split and joined anywhere.
 * Holds at most one head and one body of the permitted sizes.
 */
export class StreamFramer {
  #text = ''
  #searched = 0
  #waiting: { head: Head; bodyStart: number; end: number } | undefined
  #broken = false

  /** True while a message has begun and not ended: the edge gives the sender a few seconds for the rest. */
  get partial(): boolean {
    return !['', '\r', '\r\n', '\r\n\r'].includes(this.#text) && !this.#broken
  }

  /** Takes a segment as latin1 text; gives what is complete now, in order. */
  push(segment: string): Framed[] {
    const out: Framed[] = []
    if (this.#broken) return out
    this.#text += segment
    for (;;) {
      const next = this.#next()
      if (!next) return out
      out.push(next)
      if (next.kind === 'broken') {
        this.#broken = true
        this.#text = ''
        return out
      }
    }
  }

  #next(): Framed | undefined {
    if (!this.#waiting) {
      const blank = this.#skipBlank()
      if (blank) return blank
      const opened = this.#openMessage()
      if (opened) return opened
    }
    const waiting = this.#waiting
    if (!waiting || this.#text.length < waiting.end) return undefined
    const parsed = readMessage(waiting.head, this.#text.slice(waiting.bodyStart, waiting.end))
    this.#drop(waiting.end)
    return { kind: 'message', parsed }
  }

  /** [RFC5626-4.4.1] CRLF CRLF between messages is a ping; a single CRLF is skipped. */
  #skipBlank(): Framed | undefined {
    if (this.#text.startsWith('\r\n\r\n')) {
      this.#drop(4)
      return { kind: 'ping' }
    }
    // A CRLF that is the whole rest may be the first half of a ping; one before a start line is RFC 3261 §7.5.
    if (this.#text.startsWith('\r\n') && this.#text.length > 2 && this.#text !== '\r\n\r') this.#drop(2)
    return undefined
  }

  #openMessage(): Framed | undefined {
    // Only the new octets are searched: a head that arrives octet by octet must not cost its length squared.
    const end = this.#text.indexOf('\r\n\r\n', Math.max(0, this.#searched - 3))
    this.#searched = this.#text.length
    if (end < 0) {
      if (this.#text.length <= LIMITS.headBytes) return undefined
      const head = splitHead(this.#text)
      return { kind: 'broken', parsed: refuseFraming(head, { status: 513, reason: 'Message Too Large' }) }
    }
    const head = splitHead(this.#text.slice(0, end))
    // What was passed over may have been Content-Length.
    if (head.problem?.status === 513) return { kind: 'broken', parsed: refuseFraming(head, head.problem) }
    const length = contentLength(head.headers)
    if (typeof length === 'object') return { kind: 'broken', parsed: refuseFraming(head, length) }
    // RFC 3261 §18.3: mandatory on streams.
    if (length === undefined) {
      return { kind: 'broken', parsed: refuseFraming(head, { status: 400, reason: 'Missing Content-Length' }) }
    }
    this.#waiting = { head, bodyStart: end + 4, end: end + 4 + length }
    return undefined
  }

  #drop(count: number): void {
    this.#text = this.#text.slice(count)
    this.#searched = 0
    this.#waiting = undefined
  }
}
