import type { Request } from 'express'
import { timingSafeEqual } from 'node:crypto'
import { ALL_SITES, may, type Rights } from '../../accounts/permissions.js'
import { actorOf, csrfTokenOf, type Authenticated } from '../../accounts/sign-in.js'
import type { Site } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { sha256Hex } from '../../domain/fingerprint.js'
import { seenOf } from '../entity-tag.js'
import { isHidden } from '../features.js'
import type { AdminParts } from '../parts.js'
import type { Call, Route } from '../route.js'
import { sessionIdIn } from './cookie.js'
import { isForeign, type Arrival } from './visitor.js'

const NOBODY: Rights = new Map()

/** What stands guard over a route of the API or a page. */
export type Guarded = Pick<Route, 'access' | 'scope' | 'conditional' | 'feature'>

/** Somebody, by session or token, or nobody. */
export interface Caller {
  who: Authenticated | undefined
  sessionId: string | undefined
}

/** Who sends the request. A token that is no good is refused even when a session would do. Throws SIGNED_OUT. */
export async function callerOf(parts: AdminParts, request: Request, { secure }: Arrival): Promise<Caller> {
  const { authorization } = request.headers
  if (authorization !== undefined) {
    const token = /^Bearer +(\S{1,200})$/i.exec(authorization)?.[1]
    const who = token === undefined ? undefined : await parts.signIn.apiToken(token)
    if (!who) throw new AppError('SIGNED_OUT', 'this token is none, has expired, or was revoked')
    return { who, sessionId: undefined }
  }
  const sessionId = sessionIdIn(request.headers.cookie, secure)
  const who = sessionId === undefined ? undefined : await parts.signIn.session(sessionId)
  return { who, sessionId }
}

/**
 * A change that a browser sends by itself must come from our own page: same origin, and for a session with its token,
 * in the header X-CSRF-Token. Signing in needs none: there may be a session that ends by it. Throws ORIGIN_REFUSED.
 */
function requireOwnPage(route: Guarded, request: Request, { who, sessionId }: Caller, { secure }: Arrival): void {
  if (request.method === 'GET' || request.method === 'HEAD' || who?.token) return
  if (isForeign(request, secure))
    throw new AppError('ORIGIN_REFUSED', 'a page of another origin may change nothing here')
  if (route.access === 'public' || !who?.session || sessionId === undefined) return
  const given = request.headers['x-csrf-token']
  if (typeof given === 'string' && same(given, csrfTokenOf(sessionId))) return
  throw new AppError('ORIGIN_REFUSED', 'X-CSRF-Token is missing or of another session', { field: 'X-CSRF-Token' })
}

function same(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(sha256Hex(a)), Buffer.from(sha256Hex(b)))
}

/** Somebody with the right to a route, and the site it is about. */
interface Entitled {
  caller: Caller
  rights: Rights
  site: Site
}

/**
 * Has the caller the right to the route, in the site `named`? Where the request comes from is not looked at: enough to read
 * a form on, not to do what it says. Throws SIGNED_OUT, SITE_NOT_FOUND, FORBIDDEN, ROUTE_NOT_FOUND where the
 * site hides what it belongs to.
 */
export async function entitle(
  parts: AdminParts,
  route: Guarded,
  request: Request,
  arrival: Arrival,
  named: string | undefined,
): Promise<Entitled> {
  const caller = await callerOf(parts, request, arrival)
  const { who } = caller
  const open = route.access === 'public' || route.access === 'self'
  if (route.access !== 'public' && !who) throw new AppError('SIGNED_OUT', 'sign in first, or send a token')
  const rights = who?.rights ?? NOBODY
  const site = siteOf([...parts.snapshot.allSites()], rights, named, open)
  requireRight(route, rights, site)
  if (isHidden(parts.snapshot, site.id, route.feature)) {
    throw new AppError(
      'ROUTE_NOT_FOUND',
      `there is no ${request.method} ${request.baseUrl}${request.path}`.slice(0, 120),
    )
  }
  return { caller, rights, site }
}

/**
 * Everything a handler is given, once it is certain that it may run: signed in, own page, a site the caller may see,
 * the right to the route there. `named`: the site. Throws SIGNED_OUT, ORIGIN_REFUSED, SITE_NOT_FOUND, FORBIDDEN, REVISION_NEEDED.
 */
export async function admit(
  parts: AdminParts,
  route: Guarded,
  request: Request,
  arrival: Arrival,
  named = typeof request.query.site === 'string' ? request.query.site : undefined,
): Promise<Call> {
  const { caller, rights, site } = await entitle(parts, route, request, arrival, named)
  requireOwnPage(route, request, caller, arrival)
  const { who, sessionId } = caller
  const seen = route.conditional ? seenOf(request.headers['if-match']) : undefined
  return {
    parts,
    by: who ? { actor: actorOf(who.user, who.token), rights, userId: who.user.id } : { actor: 'nobody', rights },
    who,
    visitor: arrival,
    site,
    siteNamed: named !== undefined,
    use: parts.forSite(site.id, seen),
    seen,
    sessionId,
  }
}

/** The site named, or the oldest the caller has rights in. One he may not see is one that does not exist. */
function siteOf(sites: readonly Site[], rights: Rights, slug: string | undefined, anybody: boolean): Site {
  const visible = sites.filter(({ id }) => rights.has(ALL_SITES) || rights.has(id))
  const found = slug === undefined ? oldest(visible) : visible.find((one) => one.slug === slug)
  const site = found ?? (anybody && slug === undefined ? oldest(sites) : undefined)
  if (site) return site
  if (slug === undefined) throw new AppError('FORBIDDEN', 'you have no rights in any site')
  throw new AppError('SITE_NOT_FOUND', `there is no site "${slug.slice(0, 40)}"`, { field: 'site' })
}

function oldest(sites: readonly Site[]): Site | undefined {
  return [...sites].sort((a, b) => (a.id < b.id ? -1 : 1))[0]
}

function requireRight({ access, scope }: Guarded, rights: Rights, site: Site): void {
  if (access === 'public' || access === 'self' || may(rights, access, scope === 'server' ? ALL_SITES : site.id)) return
  const where = scope === 'server' ? 'for all sites' : `in the site ${site.slug}`
  throw new AppError('FORBIDDEN', `${access} is needed ${where}`)
}
