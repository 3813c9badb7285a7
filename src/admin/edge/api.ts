import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import type { Rights } from '../../accounts/permissions.js'
import { AppError } from '../../domain/errors.js'
import { sha256Hex } from '../../domain/fingerprint.js'
import type { Log } from '../../observe/log.js'
import { entityTag } from '../entity-tag.js'
import type { AdminParts } from '../parts.js'
import type { Answer, Call, Route } from '../route.js'
import { endedCookie, sessionCookie } from './cookie.js'
import { EventSinks } from './event-sink.js'
import { admit } from './guard.js'
import type { Idempotency } from './idempotency.js'
import { isMultipart, readFolder, readUpload } from './upload.js'
import { arrivalOf, type Arrival } from './visitor.js'
import type { Networks } from '../../network/trust.js'

/** Address of the API on the admin listener. */
export const API_PATH = '/api/v1'
const JSON_BYTES = 2 * 1024 * 1024
const PUBLIC_JSON_BYTES = 16 * 1024
const CSV_BYTES = 20 * 1024 * 1024

export interface ApiOptions {
  routes: readonly Route[]
  parts: AdminParts
  idempotency: Idempotency
  trustedProxies: Networks
  log: Log
}

interface ServedApi extends ApiOptions {
  sinks: EventSinks
}

/** What is known of a request beside the request itself. */
export interface Locals {
  requestId: string
  /** Set once the route is known. */
  routeId?: string
  conditional?: boolean
  actor?: string
}

/** Serves the table of routes. Whoever may not do something is refused before his body is read. */
export function createApi(given: ApiOptions): Router {
  const options = { ...given, sinks: new EventSinks(given.parts.clock) }
  const router = express.Router({ caseSensitive: true, strict: true })
  for (const route of options.routes) {
    const path = route.path.replace(/\{(\w+)\}/g, ':$1')
    const readBody = bodyReader(route)
    router[route.method](path, (request, response, next) => {
      handle(options, route, readBody, request, response).catch(next)
    })
  }
  router.use((request) => {
    throw new AppError('ROUTE_NOT_FOUND', `there is no ${request.method} ${API_PATH}${request.path.slice(0, 100)}`)
  })
  return router
}

async function handle(
  options: ServedApi,
  route: Route,
  readBody: RequestHandler | undefined,
  request: Request,
  response: Response,
): Promise<void> {
  const { parts } = options
  const locals = response.locals as Locals
  locals.routeId = route.id
  locals.conditional = route.conditional
  const arrival = arrivalOf(request, options.trustedProxies)
  const admitted = await admit(parts, route, request, arrival)
  const call = { ...admitted, lastEventId: request.get('Last-Event-ID') }
  locals.actor = call.by.actor
  if (route.takes === 'multipart/form-data') {
    const files = await readFolder(request, response)
    request.body = { ...(request.body as object), files }
  } else if (readBody && route.takes === 'text/csv' && isMultipart(request)) {
    request.body = (await readUpload(request, response))?.bytes
  } else if (readBody) await asPromise(readBody, request, response)
  const run = async (): Promise<Answer> => {
    const answer = await route.run(call, { params: request.params, query: { ...request.query }, body: request.body })
    // So that the next list shows it; a database that is gone just now will be noticed by others.
    if (request.method !== 'GET') await parts.refresh().catch(() => undefined)
    return answer
  }
  const key = request.get('Idempotency-Key')
  if (key !== undefined && route.method === 'post' && call.who) {
    await once(options, route, call, key, request, response, run)
    return
  }
  const answer = await run()
  // Nobody goes on with an id that was there before the sign-in.
  if (answer.signedIn && call.sessionId !== undefined) await parts.signIn.signOut(call.sessionId)
  if (answer.stream) await listen(options, route, answer.stream, call, request, arrival, response)
  else send(route, answer, call, arrival, response)
}

/** As long as the one who listens may: with other rights he has to come again. */
async function listen(
  { sinks, parts }: ServedApi,
  route: Route,
  stream: NonNullable<Answer['stream']>,
  { by }: Call,
  request: Request,
  arrival: Arrival,
  response: Response,
): Promise<void> {
  request.socket.setNoDelay(true)
  const rights = rightsText(by.rights)
  const isAllowed = async (): Promise<boolean> => {
    try {
      return rightsText((await admit(parts, route, request, arrival)).by.rights) === rights
    } catch (error) {
      if (error instanceof AppError && error.code !== 'DATABASE_UNUSABLE') return false
      throw error
    }
  }
  const sink = sinks.open(response, isAllowed)
  if (!sink) {
    throw new AppError('TOO_MANY_LISTENERS', 'too many programs listen already', { retryAfterSeconds: 30 })
  }
  await stream(sink)
}

function rightsText(rights: Rights): string {
  return JSON.stringify([...rights].map(([site, names]) => [site, [...names].sort()]).sort())
}

/** The body, when the route wants one, else undefined. */
function bodyReader({ body, takes, access }: Route): RequestHandler | undefined {
  if (!body) return undefined
  const limit = access === 'public' ? PUBLIC_JSON_BYTES : JSON_BYTES
  const parse =
    takes === 'text/csv'
      ? express.raw({ type: () => true, limit: CSV_BYTES })
      : express.json({ limit, strict: true, type: 'application/json' })
  return (request, response, next) => {
    const sent =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
    if (sent && !request.is(takes === 'text/csv' ? ['text/csv', 'text/plain', 'application/octet-stream'] : takes)) {
      next(new AppError('BODY_TYPE_REFUSED', `Content-Type: ${takes} is wanted`, { field: 'Content-Type' }))
      return
    }
    parse(request, response, next)
  }
}

function asPromise(handler: RequestHandler, request: Request, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    void handler(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error as Error)))
  })
}

async function once(
  { idempotency }: ApiOptions,
  route: Route,
  { who, site }: Call,
  key: string,
  request: Request,
  response: Response,
  run: () => Promise<Answer>,
): Promise<void> {
  const userId = who?.user.id ?? ''
  const body = request.body instanceof Uint8Array ? request.body : JSON.stringify(request.body ?? null)
  const asked = [route.id, site.id, request.originalUrl, sha256Hex(body)].join('\n')
  const kept = await idempotency.begin(userId, key, sha256Hex(asked))
  if (kept) {
    const { headers, body: text } = JSON.parse(kept.text) as { headers: Record<string, string>; body: string }
    response.status(kept.status).set(headers).set('Idempotency-Replayed', 'true').send(text)
    return
  }
  let answer: Answer
  try {
    answer = await run()
  } catch (error) {
    await idempotency.abandon(userId, key)
    throw error
  }
  const { headers, body: text } = written(route, answer)
  await idempotency.finish(userId, key, { status: route.status, text: JSON.stringify({ headers, body: text }) })
  response.status(route.status).set(headers).send(text)
}

/** The answer as it goes out; only what the route's description names. */
function written(route: Route, answer: Answer): { headers: Record<string, string>; body: string } {
  const shown = route.answer?.parse(answer.body)
  const isJson = route.gives === 'application/json'
  return {
    headers: {
      ...(route.answer ? { 'Content-Type': `${route.gives}; charset=utf-8` } : {}),
      'Cache-Control': 'no-store',
      ...(answer.entity ? { ETag: entityTag(answer.entity) } : {}),
      ...(answer.location === undefined ? {} : { Location: `${API_PATH}${answer.location}` }),
      ...(answer.fileName === undefined ? {} : { 'Content-Disposition': `attachment; filename="${answer.fileName}"` }),
    },
    body: shown === undefined ? '' : isJson ? JSON.stringify(shown) : String(shown),
  }
}

function send(route: Route, answer: Answer, call: Call, arrival: Arrival, response: Response): void {
  const { headers, body } = written(route, answer)
  const { parts } = call
  if (answer.signedIn) {
    response.append('Set-Cookie', sessionCookie(answer.signedIn, arrival.secure, parts.clock.now()))
  }
  if (answer.signedOut) response.append('Set-Cookie', endedCookie(arrival.secure))
  response.status(route.status).set(headers).send(body)
}
