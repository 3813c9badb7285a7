import { STATUS_CODES, type OutgoingHttpHeaders } from 'node:http'
import type { Millis } from '../../domain/clock.js'
import type { Delivery } from '../delivery.js'

export type BytesDelivery = Extract<Delivery, { kind: 'bytes' }>

/** Headers of an answer with a config, names and values in turn, as node:http writes them with the least work. */
export interface BytesHeaders {
  /** As told, in milliseconds. */
  lastModified: Millis
  unchanged: string[]
  full: string[]
  /** The same as bytes, from the status line on. */
  unchangedHead: Uint8Array
  fullHead: Uint8Array
}

const HEADERS = new WeakMap<BytesDelivery, BytesHeaders>()

/** A file is asked for again and again: its headers are written out once. */
export function bytesHeaders(delivery: BytesDelivery, lastModified: Millis): BytesHeaders {
  const known = HEADERS.get(delivery)
  if (known?.lastModified === lastModified) return known
  const { etag, contentType, body } = delivery
  // Configs hold passwords: no proxy between may keep them.
  const unchanged = ['ETag', etag, 'Last-Modified', httpDate(lastModified), 'Cache-Control', 'no-store']
  const full = [...unchanged, 'Content-Type', contentType, 'Content-Length', String(body.byteLength)]
  const [unchangedHead, fullHead] = [Buffer.from(headText(304, unchanged)), Buffer.from(headText(200, full))]
  // Written out as one literal: an object that another is spread into has a shape of its own, which is read slower.
  const headers: BytesHeaders = { lastModified, unchanged, full, unchangedHead, fullHead }
  HEADERS.set(delivery, headers)
  return headers
}

const TEXTS: Readonly<Record<number, string>> = {
  404: 'Not Found\n',
  405: 'Method Not Allowed\n',
  412: 'Precondition Failed\n',
  414: 'URI Too Long\n',
  416: 'Range Not Satisfiable\n',
  429: 'Too Many Requests\n',
  501: 'Not Implemented\n',
  503: 'Service Unavailable\n',
}

/** The same few bytes and headers for all who get this status. */
export function textAnswer(status: number): { text: string; headers: OutgoingHttpHeaders } {
  const text = TEXTS[status] ?? ''
  return {
    text,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': String(text.length),
      'Cache-Control': 'no-store',
    },
  }
}

/** Status line and headers as node:http writes them, before those it adds by itself. `headers`: names and values in turn. */
export function headText(status: number, headers: readonly string[]): string {
  const pairs = headers.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`))
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${pairs.join('')}`
}

export function httpDate(millis: Millis): string {
  return new Date(millis).toUTCString()
}
