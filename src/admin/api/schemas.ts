import { z } from 'zod'
import { LAYERS } from '../../domain/entities.js'

/** What goes in and out by the API: the one description for checking, for what is answered, and for openapi.json. */

const LIMIT_DEFAULT = 50
const LIMIT_MAX = 500
/** Longer texts are refused before anything looks at them. */
const TEXT_MAX = 1_000

export const text = z.string().max(TEXT_MAX)
export const time = z.string().meta({ description: 'ISO 8601, UTC', example: '2026-01-31T12:00:00.000Z' })
export const number = text.meta({ description: 'Number of the extension', example: '101' })
export const mac = text.meta({ description: 'MAC address in any spelling', example: '00:15:65:aa:bb:cc' })
/** Parameters of paths and queries are text. */
export const linePosition = z
  .string()
  .regex(/^\d{1,3}$/)
  .transform(Number)
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true')
export const count = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number)
export const limit = count.pipe(z.number().min(1).max(LIMIT_MAX)).default(LIMIT_DEFAULT)

/** Query parameters of a sorted list. */
export function listQuery<const Field extends string>(fields: readonly [Field, ...Field[]], sort: NoInfer<Field>) {
  const values = fields.flatMap((field) => [field, `-${field}`])
  return {
    limit: limit.meta({ description: `1 to ${LIMIT_MAX}, default ${LIMIT_DEFAULT}` }),
    cursor: z.string().max(2_000).optional().meta({ description: 'nextCursor of the page before' }),
    sort: z
      .enum(values as [string, ...string[]])
      .default(sort)
      .meta({ description: 'Field to sort by; with - before it the other way round' }),
  }
}

export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().optional().meta({ description: 'Absent on the last page' }),
    total: z.number().int(),
  })
}

export const layer = z.enum(LAYERS)
const scalar = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.string()),
  z.array(z.record(z.string(), z.unknown())),
  z.record(z.string(), z.unknown()),
])
export const settingValue = scalar.meta({
  description: 'null clears the value; objects and lists of them only where the type is structure',
})

export const settings = z
  .object({
    layer,
    owner: z.string(),
    revision: z.number().int(),
    values: z.record(z.string(), scalar),
    asked: z.number().int().optional().meta({ description: 'After a change: phones that were asked to fetch it' }),
  })
  .meta({ id: 'Settings' })

const origin = z.object({ layer: z.enum([...LAYERS, 'shipped']), owner: z.string() })
export const explained = z.object({
  key: z.string(),
  value: scalar,
  origin,
  candidates: z.array(z.object({ origin, value: scalar })),
})

export const problem = z.object({
  row: z.number().int().optional(),
  column: z.string().optional(),
  code: z.string(),
  message: z.string(),
  severity: z.enum(['error', 'warning']).optional(),
})

/** Every refusal (RFC 9457), as application/problem+json. */
export const problemDetails = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
    field: z.string().optional(),
    hint: z.string().optional(),
    problems: z.array(problem).optional(),
  })
  .meta({ id: 'Problem' })
