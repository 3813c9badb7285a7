import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Clock } from '../../domain/clock.js'
import { normaliseAddress } from '../../network/address.js'
import type { Networks } from '../../network/trust.js'
import type { Log } from '../../observe/log.js'
import { maskTokens } from '../../observe/mask.js'
import { announcedLastModified, decideConditions } from '../conditional.js'
import type { Delivered, Delivery, Provisioning } from '../delivery.js'
import { bytesHeaders, httpDate, textAnswer, type BytesDelivery } from './http-answer.js'
import { drainBody } from './http-body.js'
import { sendFile } from './http-file.js'
import type { HttpGuard } from './http-guard.js'
import { conditionsOf, describeRequest, methodOf } from './http-request.js'

/** Longest path (with query) that is looked at, in characters; the longest of any vendor is 511. */
const MAX_URL_LENGTH = 2048
/** Seconds after which a phone may ask again for what cannot be given now. */
const RETRY_AFTER_SECONDS = 30
/** The same for all: how long a ban lasts is nobody's business. */
const BANNED_RETRY_AFTER_SECONDS = 600
const ALLOW = 'GET, HEAD'

export interface PhoneHttpOptions {
  provisioning: Provisioning
  trustedProxies: Networks
  /** Who is answered 429 and nothing else; left out: nobody. */
  guard?: HttpGuard
  clock: Clock
  log: Log
}

/** Answers one request. */
export type PhoneHttp = (request: IncomingMessage, response: ServerResponse) => void

type FileDelivery = Extract<Delivery, { kind: 'file' }>

/**
 * The HTTP and HTTPS face of provisioning, as a plain handler in front of everything else. Old phones' clients are
 * meant: always a Content-Length, never chunked, compressed or redirected, one `writeHead` and one `end` (files are
 * streamed). Path and peer go to the pipeline as they came; what it delivers becomes a status line here.
 */
export function createPhoneHttp(options: PhoneHttpOptions): PhoneHttp {
  return (request, response) => {
    const start = (): void => guarded(options, request, response, () => answer(options, request, response))
    // A pipelined request waits for its turn: if the connection ends before, nothing was begun for it.
    if (response.socket) start()
    else response.once('socket', start)
  }
}

function guarded({ log }: PhoneHttpOptions, request: IncomingMessage, response: ServerResponse, run: () => void): void {
  try {
    run()
  } catch (error) {
    log.error({ err: error, path: maskTokens(request.url ?? '') }, 'a request of a phone was not answered')
    if (response.headersSent) response.destroy()
    else sendText(request, response, 503, { 'Retry-After': RETRY_AFTER_SECONDS })
  }
}

function answer(options: PhoneHttpOptions, request: IncomingMessage, response: ServerResponse): void {
  const method = methodOf(request)
  if (method === 'unknown' || method === 'forbidden') {
    refuseBody(request, response)
    noteHostile(options, request, 'bad-method', request.method ?? '')
    if (method === 'unknown') sendText(request, response, 501)
    else sendText(request, response, 405, { Allow: ALLOW })
    return
  }
  if ((request.url ?? '').length > MAX_URL_LENGTH) {
    refuseBody(request, response)
    noteHostile(options, request, 'hostile-path', `a path of ${request.url?.length} characters`)
    sendText(request, response, 414)
    return
  }
  const started = performance.now()
  const question = describeRequest(request, method, options.trustedProxies, options.clock)
  if (!question) {
    response.destroy()
    return
  }
  if (options.guard?.refuses(question.peerAddress)) return sendTooMany(options.guard, request, response)
  const { delivery, finish } = options.provisioning.deliver(question)
  const watched: Watched = { bytes: 0 }
  // It comes once, and `on` costs less than `once`.
  response.on('close', () => report(options, response, watched, started, finish))
  const send = (): void =>
    guarded(options, request, response, () => deliver(options, delivery, request, response, watched))
  if (method === 'write') drainBody(request, response, send)
  else {
    refuseBody(request, response)
    send()
  }
}

function noteHostile(
  { guard, trustedProxies, clock }: PhoneHttpOptions,
  request: IncomingMessage,
  what: 'bad-method' | 'hostile-path',
  evidence: string,
): void {
  const peer = guard && describeRequest(request, 'get', trustedProxies, clock)?.peerAddress
  if (peer !== undefined) guard?.hostile(peer, what, evidence)
}

/** To somebody who is banned: the connection ends, unless it is a proxy's, which others use too. */
function sendTooMany(guard: HttpGuard, request: IncomingMessage, response: ServerResponse): void {
  refuseBody(request, response)
  if (!guard.isProxy(normaliseAddress(request.socket.remoteAddress ?? '') ?? '')) response.shouldKeepAlive = false
  sendText(request, response, 429, { 'Retry-After': BANNED_RETRY_AFTER_SECONDS })
}

/** What the stages of an answer tell about it, for the event. */
interface Watched {
  outcome?: Delivered['outcome']
  bytes: number
}

/** Completes the event when the answer is out, or when the client has gone before. */
function report(
  { log }: PhoneHttpOptions,
  response: ServerResponse,
  watched: Watched,
  started: number,
  finish: (delivered: Delivered) => void,
): void {
  const outcome = response.writableFinished ? watched.outcome : 'failed'
  try {
    finish({
      status: response.statusCode,
      bytes: watched.bytes,
      micros: Math.round((performance.now() - started) * 1000),
      ...(outcome === undefined ? {} : { outcome }),
    })
  } catch (error) {
    log.error({ err: error }, 'a provisioning event was not completed')
  }
}

function deliver(
  options: PhoneHttpOptions,
  delivery: Delivery,
  request: IncomingMessage,
  response: ServerResponse,
  watched: Watched,
): void {
  switch (delivery.kind) {
    case 'bytes':
      return deliverBytes(options, delivery, request, response, watched)
    case 'file':
      return deliverFile(options, delivery, request, response, watched)
    case 'absent':
      watched.bytes = sendText(request, response, 404)
      return
    case 'upload-refused':
      watched.bytes = sendText(request, response, 405, { Allow: ALLOW })
      return
    case 'unavailable':
      watched.bytes = sendText(request, response, 503, { 'Retry-After': RETRY_AFTER_SECONDS })
      return
  }
}

function deliverBytes(
  { clock }: PhoneHttpOptions,
  delivery: BytesDelivery,
  request: IncomingMessage,
  response: ServerResponse,
  watched: Watched,
): void {
  const now = clock.now()
  const { status } = decideConditions(conditionsOf(request), delivery, now, undefined)
  const headers = bytesHeaders(delivery, announcedLastModified(delivery.lastModified, now))
  if (status === 304) return sendUnchanged(response, headers.unchanged, watched)
  if (status !== 200) {
    watched.bytes = sendText(request, response, status)
    return
  }
  response.writeHead(200, headers.full)
  if (request.method === 'HEAD') response.end()
  else {
    watched.bytes = delivery.body.byteLength
    response.end(delivery.body)
  }
}

function deliverFile(
  { clock, log }: PhoneHttpOptions,
  delivery: FileDelivery,
  request: IncomingMessage,
  response: ServerResponse,
  watched: Watched,
): void {
  const now = clock.now()
  const rangesOf = request.method === 'GET' ? delivery.sizeBytes : undefined
  const decision = decideConditions(conditionsOf(request), delivery, now, rangesOf)
  const headers: OutgoingHttpHeaders = {
    ETag: delivery.etag,
    'Last-Modified': httpDate(announcedLastModified(delivery.lastModified, now)),
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'no-cache',
  }
  if (decision.status === 304) return sendUnchanged(response, headers, watched)
  if (decision.status === 412 || decision.status === 416) {
    const range = decision.status === 416 ? { 'Content-Range': `bytes */${delivery.sizeBytes}` } : {}
    watched.bytes = sendText(request, response, decision.status, range)
    return
  }
  const { start, end } = decision.status === 206 ? decision : { start: 0, end: delivery.sizeBytes - 1 }
  if (decision.status === 206) {
    watched.outcome = 'partial'
    headers['Content-Range'] = `bytes ${start}-${end}/${delivery.sizeBytes}`
  }
  headers['Content-Type'] = delivery.contentType
  headers['Content-Length'] = end - start + 1
  if (request.method === 'HEAD') {
    response.writeHead(200, headers)
    response.end()
    return
  }
  sendFile(response, {
    path: delivery.path,
    sizeBytes: delivery.sizeBytes,
    lastModified: delivery.lastModified,
    start,
    end,
    writeHead: () => void response.writeHead(decision.status, headers),
    count: (bytes) => void (watched.bytes += bytes),
    cannot: (reason) => {
      log.warn({ path: delivery.path, err: reason }, 'a firmware file is not as it was indexed')
      watched.outcome = 'failed'
      watched.bytes = sendText(request, response, 503, { 'Retry-After': RETRY_AFTER_SECONDS })
    },
  })
}

function sendUnchanged(response: ServerResponse, headers: OutgoingHttpHeaders | string[], watched: Watched): void {
  watched.outcome = 'not-modified'
  response.writeHead(304, headers)
  response.end()
}

/** The same few bytes and headers each time. @returns bytes of the body sent */
function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders = {},
): number {
  const { text, headers: own } = textAnswer(status)
  response.writeHead(status, { ...headers, ...own })
  const body = request.method === 'HEAD' ? '' : text
  response.end(body)
  return body.length
}

/** A body where none is read would be taken for the next request, so the connection ends with this answer. */
function refuseBody(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (encoding !== undefined || (length !== undefined && length !== '0')) response.shouldKeepAlive = false
}
