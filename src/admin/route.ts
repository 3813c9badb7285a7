import { z } from 'zod'
import type { Acting } from '../accounts/account.js'
import type { Permission } from '../accounts/permissions.js'
import type { Authenticated, SignedIn, Visitor } from '../accounts/sign-in.js'
import type { Site } from '../domain/entities.js'
import { AppError, type Problem } from '../domain/errors.js'
import { plainIssue } from '../domain/plain-issue.js'
import type { Seen } from '../domain/revision.js'
import { featureOf, type Feature } from './features.js'
import type { AdminParts, SiteUseCases } from './parts.js'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** `public`: nobody need sign in; `self`: whoever is signed in, for what is his own; else the right to it. */
export type Access = 'public' | 'self' | Permission

/** What a handler is given, beside params, query and body. */
export interface Call {
  parts: AdminParts
  /** The one who acts; for public routes nobody, without any right. */
  by: Acting
  who: Authenticated | undefined
  visitor: Visitor
  /** The site the request is about. */
  site: Site
  /** The request named it. */
  siteNamed: boolean
  /** Its use cases; they change nothing else than what If-Match named. */
  use: SiteUseCases
  /** What If-Match named; undefined for `*` and where it is not asked for. */
  seen: Seen | undefined
  /** The id of the session that came in the cookie. */
  sessionId: string | undefined
  /** The event that a listener heard last before it was cut off (Last-Event-ID). */
  lastEventId?: string | undefined
}

/** What a handler gives back. */
export interface Answer {
  /** Checked against the route's description: nothing leaves that is not in it. */
  body?: unknown
  /** Becomes the ETag. */
  entity?: Seen
  /** Path below /api/v1, for what was made. */
  location?: string
  /** A session that begins with this answer. */
  signedIn?: SignedIn
  /** The session of the request ends with this answer. */
  signedOut?: boolean
  /** Name for a download. */
  fileName?: string
  /** The answer is a stream of events: it is given to this, and open until the other side goes. */
  stream?: (sink: EventSink) => void | Promise<void>
}

/** A server-sent event; `data` is one line. */
export interface SentEvent {
  id?: string
  event: string
  data: string
}

/** Where events of a stream go. */
export interface EventSink {
  send(event: SentEvent): void
  /** Called once when nobody listens any more. */
  onClose(run: () => void): void
}

/** A row of the table of routes. */
export interface Route {
  /** Name of the operation for generated clients, such as `listDevices`. */
  id: string
  method: Method
  /** Below /api/v1; parameters in braces. */
  path: string
  tag: string
  summary: string
  access: Access
  /** `server`: the right is needed for all sites. */
  scope: 'site' | 'server'
  /** What a site may hide it with. */
  feature: Feature | undefined
  params: z.ZodObject
  query: z.ZodObject
  body: z.ZodType | undefined
  /** Media type of the body. */
  takes: 'application/json' | 'text/csv' | 'multipart/form-data'
  status: number
  answer: z.ZodType | undefined
  gives: 'application/json' | 'text/csv' | 'text/plain' | 'text/vcard' | 'text/event-stream'
  /** A change must name what it starts from, by If-Match. */
  conditional: boolean
  run(call: Call, raw: RawInput): Promise<Answer>
}

/** Input as it came; checked by the route's schemas. */
export interface RawInput {
  params: unknown
  query: unknown
  body: unknown
}

type Shape = z.ZodRawShape

interface Definition<P extends Shape, Q extends Shape, B extends z.ZodType>
  extends
    Pick<Route, 'id' | 'method' | 'path' | 'tag' | 'summary' | 'access'>,
    Partial<Pick<Route, 'scope' | 'takes' | 'gives' | 'conditional' | 'status' | 'answer'>> {
  params?: P
  query?: Q
  body?: B
  handle(
    call: Call & { params: z.output<z.ZodObject<P>>; query: z.output<z.ZodObject<Q>>; body: z.output<B> },
  ): Promise<Answer> | Answer
}

/** Every request may say which site it is about. */
const SITE_QUERY = {
  site: z
    .string()
    .max(40)
    .optional()
    .meta({ description: 'Short name of the site; default: your own, else the first' }),
}

/** A row of the table; input is checked before `handle` sees it, and unknown fields are refused. */
export function route<
  P extends Shape = Record<never, never>,
  Q extends Shape = Record<never, never>,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Definition<P, Q, B>): Route {
  const { handle, ...row } = definition
  const params = z.strictObject(definition.params ?? ({} as P))
  const query = z.strictObject({ ...SITE_QUERY, ...(definition.query ?? ({} as Q)) })
  return {
    scope: 'site',
    takes: 'application/json',
    gives: 'application/json',
    conditional: false,
    answer: undefined,
    feature: featureOf(definition.path),
    ...row,
    status: definition.status ?? (definition.answer === undefined ? 204 : 200),
    params,
    query,
    body: definition.body,
    run: async (call, raw) =>
      handle({
        ...call,
        params: checked(params, raw.params, 'path') as z.output<z.ZodObject<P>>,
        query: checked(query, raw.query, 'query') as z.output<z.ZodObject<Q>>,
        body: (definition.body ? checked(definition.body, raw.body, 'body') : undefined) as z.output<B>,
      }),
  }
}

/** Throws REQUEST_INVALID, naming each field and what is wrong with it. */
function checked(schema: z.ZodType, value: unknown, where: 'path' | 'query' | 'body'): unknown {
  const parsed = schema.safeParse(value, { error: plainIssue })
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }): Problem & { column: string } => {
    const column = path.map(String).join('.') || where
    return { code: 'REQUEST_INVALID', column, message: `${column}: ${message}` }
  })
  throw new AppError('REQUEST_INVALID', problems[0]?.message ?? `the ${where} is invalid`, {
    field: problems[0]?.column ?? where,
    problems,
  })
}
