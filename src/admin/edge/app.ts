import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import helmet from 'helmet'
import { ALL_SITES, may } from '../../accounts/permissions.js'
import { AppError } from '../../domain/errors.js'
import { newId, type Random } from '../../domain/random.js'
import { toProblem } from '../problem.js'
import { API_PATH, createApi, type ApiOptions, type Locals } from './api.js'
import { DOCS_CSS, docsPage } from './docs-page.js'
import { callerOf } from './guard.js'
import { createMetrics, type AdminMetrics, type MetricSources } from './metrics.js'
import { describeApi } from './openapi.js'
import { arrivalOf } from './visitor.js'

export interface AdminAppOptions extends ApiOptions {
  metrics: MetricSources
  random: Random
  /** Pages for people, beside the API. */
  pages?: RequestHandler | undefined
}

/** Nothing inline, nothing from elsewhere; events and requests of pages go to this server alone. */
const HEADERS = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'font-src': ["'self'"],
      'connect-src': ["'self'"],
      'form-action': ["'self'"],
      'base-uri': ["'none'"],
      'frame-ancestors': ["'none'"],
    },
  },
  // A browser that has seen it could not reach a server with a self-signed certificate any more.
  strictTransportSecurity: false,
  xFrameOptions: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
})

/** Everything on the admin listener but health: API, its description, metrics. Needs no port of its own. */
export function createAdminApp(options: AdminAppOptions): Express {
  const metrics = createMetrics(options.metrics)
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.use(begin(options, metrics), HEADERS)
  app.get('/metrics', (request, response, next) => {
    giveMetrics(options, metrics, request, response).catch(next)
  })
  describe(app, options)
  app.use(API_PATH, createApi(options))
  if (options.pages) app.use(options.pages)
  app.use((request) => {
    throw new AppError('ROUTE_NOT_FOUND', `there is no ${request.method} ${request.path.slice(0, 100)}`)
  })
  app.use(refuse(options))
  return app
}

/** A number for the request, and a line in the log and in the metrics when it is done. */
function begin({ parts, random, log }: AdminAppOptions, metrics: AdminMetrics): RequestHandler {
  return (request, response, next) => {
    const began = performance.now()
    const locals = response.locals as Locals
    locals.requestId = newId(random, parts.clock.now())
    response.setHeader('X-Request-Id', locals.requestId)
    response.on('finish', () => {
      const ms = performance.now() - began
      const { requestId, routeId = 'none', actor } = locals
      const { method, originalUrl } = request
      metrics.note(routeId, response.statusCode, ms / 1_000)
      const path = originalUrl.split('?', 1)[0]
      log.debug({ requestId, method, path, status: response.statusCode, ms: Math.round(ms), actor }, 'admin request')
    })
    next()
  }
}

/** The API's description, for programs and for people. */
function describe(app: Express, { routes }: AdminAppOptions): void {
  let document: string | undefined
  app.get(`${API_PATH}/openapi.json`, (_request, response) => {
    document ??= JSON.stringify(describeApi(routes, API_PATH))
    response.type('application/json').send(document)
  })
  app.get(`${API_PATH}/docs`, (_request, response) => void response.type('html').send(docsPage(routes)))
  app.get(`${API_PATH}/docs.css`, (_request, response) => void response.type('css').send(DOCS_CSS))
}

/** For a scraper on this machine, or one with a token that may see the server's state. */
async function giveMetrics(
  { parts, trustedProxies }: AdminAppOptions,
  metrics: AdminMetrics,
  request: Request,
  response: Response,
): Promise<void> {
  const arrival = arrivalOf(request, trustedProxies)
  if (!arrival.local) {
    const { who } = await callerOf(parts, request, arrival)
    if (!who) throw new AppError('SIGNED_OUT', 'send a token')
    if (!may(who.rights, 'server.read', ALL_SITES))
      throw new AppError('FORBIDDEN', 'server.read is needed for all sites')
  }
  response
    .set('Cache-Control', 'no-store')
    .type(metrics.contentType)
    .send(await metrics.text())
}

/** Every refusal as a problem; bugs are logged with their stack and told as nothing but a number. */
function refuse({ log }: AdminAppOptions): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    if (response.headersSent) {
      next(thrown)
      return
    }
    const error = asRefusal(thrown)
    const { requestId, conditional } = response.locals as Locals
    const problem = toProblem(error, requestId, conditional)
    if (problem.code === 'INTERNAL')
      log.error({ err: error, requestId, method: request.method }, 'an admin request failed')
    const wait = error instanceof AppError ? error.details.retryAfterSeconds : undefined
    if (wait !== undefined) response.set('Retry-After', String(wait))
    if (problem.status === 401) response.set('WWW-Authenticate', 'Bearer')
    response.status(problem.status).set('Cache-Control', 'no-store').type('application/problem+json')
    response.send(JSON.stringify(problem))
  }
}

/** What Express itself refuses, in our words. */
function asRefusal(thrown: unknown): unknown {
  if (typeof thrown !== 'object' || thrown === null || thrown instanceof AppError) return thrown
  const type = 'type' in thrown ? thrown.type : undefined
  if (type === 'entity.too.large') return new AppError('BODY_TOO_LARGE', 'the body is too large')
  const status = 'status' in thrown ? thrown.status : undefined
  if (typeof status !== 'number' || status < 400 || status >= 500) return thrown
  return new AppError(
    'REQUEST_INVALID',
    type === 'entity.parse.failed' ? 'the body is no JSON' : 'the request is invalid',
  )
}
