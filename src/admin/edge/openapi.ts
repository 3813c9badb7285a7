import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import { problemDetails } from '../api/schemas.js'
import type { Route } from '../route.js'

/** The description of the API as OpenAPI 3.1. */
export type OpenApi = ReturnType<OpenApiGeneratorV31['generateDocument']>

const PROBLEM = { 'application/problem+json': { schema: problemDetails } }
const WORDS: Readonly<Record<number, string>> = { 200: 'Done', 201: 'Made', 204: 'Done' }

/** Made from the same schemas that check what comes in and goes out. */
export function describeApi(routes: readonly Route[], server: string): OpenApi {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API token: `phoneboot admin token <name>`, or POST /session/tokens',
  })
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'phoneboot',
    description: 'The session of a browser; by HTTPS its name is __Host-phoneboot. Changes need X-CSRF-Token as well',
  })
  for (const route of routes) registry.registerPath(operation(route))
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'phoneboot',
      version: '1',
      description: 'People, phones, keys and settings; who is registered, and what phones were given and why.',
    },
    servers: [{ url: server }],
  })
}

function operation(route: Route): RouteConfig {
  const { id, method, path, tag, summary, access, scope, params, query, body, status, answer, conditional } = route
  const right =
    access === 'public' || access === 'self' ? '' : `Needs \`${access}\`${scope === 'server' ? ' for all sites' : ''}.`
  return {
    operationId: id,
    method,
    path,
    tags: [tag],
    summary,
    ...(right === '' ? {} : { description: right }),
    ...(access === 'public' ? { security: [] } : { security: [{ token: [] }, { session: [] }] }),
    request: {
      ...(Object.keys(params.shape).length > 0 ? { params } : {}),
      query,
      ...(conditional || method === 'post' ? { headers: headersOf(route) } : {}),
      ...(body ? { body: { content: { [route.takes]: { schema: bodySchema(route) } } } } : {}),
    },
    responses: {
      [status]: {
        description: WORDS[status] ?? 'Done',
        ...(answer ? { content: { [route.gives]: { schema: answer } } } : {}),
      },
      default: { description: 'Refused; `code` says why', content: PROBLEM },
    },
  }
}

/** Files of a form, as generated clients know them. */
const FORM_FILES = z.array(z.string().meta({ format: 'binary' }))

function bodySchema({ body, takes }: Route): z.ZodType {
  if (takes === 'multipart/form-data' && body instanceof z.ZodObject) {
    return body.omit({ files: true }).extend({ file: FORM_FILES })
  }
  return takes === 'text/csv' || !body ? z.string() : body
}

function headersOf({ conditional, access }: Route): z.ZodObject {
  return z.object({
    ...(conditional
      ? { 'If-Match': z.string().meta({ description: 'ETag of what the change starts from, or *' }) }
      : {}),
    ...(conditional || access === 'public'
      ? {}
      : { 'Idempotency-Key': z.string().max(128).optional().meta({ description: 'Sent twice, done once' }) }),
  })
}
