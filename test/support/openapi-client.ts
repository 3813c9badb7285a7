import { expect } from '@jest/globals'

interface Schema {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  enum?: unknown[]
  anyOf?: Schema[]
  allOf?: Schema[]
}

interface Operation {
  operationId: string
  parameters?: { name: string; in: 'path' | 'query' | 'header'; required?: boolean }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
}

interface Document {
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** What an operation is given, by the names of its description. */
export interface Given {
  path?: Record<string, string | number>
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: unknown
}

/** A client that knows nothing but openapi.json: calls operations by name and checks what comes back against it. */
export class OpenApiClient {
  private constructor(
    private readonly origin: string,
    private readonly token: string,
    private readonly document: Document,
  ) {}

  static async load(origin: string, token: string): Promise<OpenApiClient> {
    const answer = await fetch(`${origin}/api/v1/openapi.json`)
    return new OpenApiClient(origin, token, (await answer.json()) as Document)
  }

  /** Sends the request; its answer must be a described success. */
  async call<T>(operationId: string, given: Given = {}): Promise<{ body: T; etag: string }> {
    const { method, path, operation } = this.#find(operationId)
    const url = new URL(`${this.document.servers[0]?.url ?? ''}${fill(path, given.path ?? {})}`, this.origin)
    const declared = (where: string): string[] =>
      (operation.parameters ?? []).filter((one) => one.in === where).map(({ name }) => name)
    for (const [name, value] of Object.entries(given.query ?? {})) {
      expect(declared('query')).toContain(name)
      url.searchParams.set(name, value)
    }
    for (const name of Object.keys(given.headers ?? {})) expect(declared('header')).toContain(name)
    const [type = 'application/json'] = Object.keys(operation.requestBody?.content ?? {})
    const answer = await fetch(url, {
      method: method.toUpperCase(),
      headers: {
        authorization: `Bearer ${this.token}`,
        ...given.headers,
        ...(given.body === undefined ? {} : { 'content-type': type }),
      },
      ...(given.body === undefined
        ? {}
        : { body: typeof given.body === 'string' ? given.body : JSON.stringify(given.body) }),
    })
    const text = await answer.text()
    const described = operation.responses[String(answer.status)]
    if (!described) throw new Error(`${operationId}: ${answer.status} is not described: ${text}`)
    const [kind, content] = Object.entries(described.content ?? {})[0] ?? []
    if (!content) return { body: undefined as T, etag: '' }
    expect(answer.headers.get('content-type')).toContain(kind)
    const body: unknown = kind === 'application/json' ? JSON.parse(text) : text
    this.#check(content.schema, body, operationId)
    return { body: body as T, etag: answer.headers.get('etag') ?? '' }
  }

  operations(): string[] {
    return Object.values(this.document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId))
  }

  #find(operationId: string): { method: string; path: string; operation: Operation } {
    for (const [path, methods] of Object.entries(this.document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.operationId === operationId) return { method, path, operation }
      }
    }
    throw new Error(`openapi.json has no operation ${operationId}`)
  }

  #check(schema: Schema, value: unknown, where: string): void {
    if (schema.$ref !== undefined) {
      const named = this.document.components.schemas[schema.$ref.replace('#/components/schemas/', '')]
      if (!named) throw new Error(`${where}: ${schema.$ref} is not described`)
      this.#check(named, value, where)
      return
    }
    for (const part of schema.allOf ?? []) this.#check(part, value, where)
    if (schema.enum && !schema.enum.includes(value)) throw new Error(`${where}: ${String(value)} is not described`)
    const types = schema.type === undefined ? [] : [schema.type].flat()
    if (types.length > 0 && !types.includes(typeOf(value)) && !(types.includes('integer') && Number.isInteger(value))) {
      throw new Error(`${where}: ${typeOf(value)} instead of ${types.join(' or ')}`)
    }
    for (const name of schema.required ?? []) {
      if (!Object.hasOwn(value as object, name)) throw new Error(`${where}: ${name} is missing`)
    }
    for (const [name, part] of Object.entries(schema.properties ?? {})) {
      const item = (value as Record<string, unknown>)[name]
      if (item !== undefined) this.#check(part, item, `${where}.${name}`)
    }
    if (schema.items) for (const item of value as unknown[]) this.#check(schema.items, item, `${where}[]`)
  }
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}

function fill(path: string, values: Record<string, string | number>): string {
  return path.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`${path}: ${name} is not given`)
    return encodeURIComponent(value)
  })
}
