import { z } from 'zod'
import { KEY_SITES } from '../../catalog/manifest.js'
import { PERMISSION_NAMES } from '../../accounts/permissions.js'
import { DEVICE_STATES, KEY_KINDS, LAYERS, OUTCOMES } from '../../domain/entities.js'

/** What goes in and out by the API: the one description for checking, for what is answered, and for openapi.json. */

const LIMIT_DEFAULT = 50
const LIMIT_MAX = 500
/** Longer texts are refused before anything looks at them. */
const TEXT_MAX = 1_000

export const text = z.string().max(TEXT_MAX)
export const time = z.string().meta({ description: 'ISO 8601, UTC', example: '2026-01-31T12:00:00.000Z' })
export const permission = z.enum(PERMISSION_NAMES)
export const number = text.meta({ description: 'Number of the extension', example: '101' })
export const mac = text.meta({ description: 'MAC address in any spelling', example: '00:15:65:aa:bb:cc' })
/** Query parameters are text. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true')
const count = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number)
const limit = count.pipe(z.number().min(1).max(LIMIT_MAX)).default(LIMIT_DEFAULT)

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

/** Query parameters of a log, newest first. */
export const logQuery = {
  limit,
  before: count.optional().meta({ description: 'Only entries older than the one of this id' }),
}

export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().optional().meta({ description: 'Absent on the last page' }),
    total: z.number().int(),
  })
}

export const keyInput = z.strictObject({
  position: z.number().int(),
  bank: text.optional(),
  kind: z.enum(KEY_KINDS),
  value: text.optional(),
  label: text.optional(),
  line: z.number().int().optional(),
  locked: z.boolean().optional().meta({ description: 'The person cannot change it on the own page' }),
})

const key = z
  .object({
    position: z.number().int(),
    bank: z.string().optional(),
    kind: z.enum(KEY_KINDS),
    value: z.string().optional(),
    label: z.string().optional(),
    line: z.number().int().optional(),
    locked: z.boolean().optional().meta({ description: 'The person cannot change it on the own page' }),
  })
  .meta({ id: 'Key' })
export const keyList = z.array(key)

/** A key at its place on a phone. */
const placedKey = key.extend({
  bank: z.string(),
  shown: z.string().optional().meta({ description: 'What the phone shows; absent where the key has no label' }),
  of: z
    .enum(['extension', 'device', 'group', 'account'])
    .optional()
    .meta({ description: 'Whose key it is; `account`: the line key every account gets; absent: unused' }),
})
const leftOut = key.extend({ of: z.enum(['extension', 'device', 'group']) })

export const keyLayout = z
  .object({
    model: z.string(),
    name: z.string().meta({ description: 'Name of the model' }),
    mac: z.string().optional().meta({ description: 'The phone, when it is one' }),
    keys: z.array(placedKey).meta({ description: 'Every key the model has, by bank and place' }),
    overflow: z.array(
      leftOut.extend({
        why: z.enum(['line', 'kind', 'full', 'module', 'place']).meta({
          description:
            'line: the phone has no such account; kind: none of its keys can do this; full: those that can are taken; module: they are, and one more expansion module would have room; place: taken, or not there',
        }),
      }),
    ),
    repeated: z.array(leftOut).meta({ description: 'Keys of the group that the phone or its person has already' }),
  })
  .meta({ id: 'KeyLayout' })

export const phoneModel = z
  .object({
    id: z.string(),
    name: z.string(),
    lines: z.number().int(),
    keys: z.record(
      z.string(),
      z.object({
        count: z.number().int(),
        first: z.number().int(),
        kinds: z.array(z.enum(KEY_KINDS)),
        auto: z.boolean().meta({ description: "People's keys are laid here" }),
        labelMax: z.number().int(),
        skip: z.array(z.number().int()).optional(),
        module: z
          .object({
            max: z.number().int(),
            keys: z.number().int(),
            types: z.record(
              z.string(),
              z.object({ name: z.string(), keys: z.number().int(), skip: z.array(z.number().int()).optional() }),
            ),
          })
          .optional()
          .meta({ description: 'The keys lie on expansion modules: how many at most, and which' }),
      }),
    ),
    front: z.object({
      schematic: z.boolean(),
      blocks: z.array(
        z.object({
          name: z.string(),
          at: z.enum(KEY_SITES),
          columns: z.number().int(),
          rows: z.number().int(),
          lamp: z.boolean(),
          places: z.array(z.object({ bank: z.string(), position: z.number().int() })),
        }),
      ),
    }),
  })
  .meta({ id: 'Model' })

export const extension = z
  .object({
    id: z.string(),
    number: z.string(),
    name: z.string(),
    email: z.string().optional(),
    firstName: z.string().optional(),
    lastName: z.string().optional(),
    mobile: z.string().optional(),
    enabled: z.boolean(),
    authUser: z.string(),
    keys: z.array(key),
    phones: z.array(z.object({ mac: z.string(), line: z.number().int() })),
    groups: z.array(z.string()).meta({ description: 'Names of the groups of the person, the strongest first' }),
    registrations: z.number().int().meta({ description: 'Contacts registered now' }),
    revision: z.number().int(),
  })
  .meta({ id: 'Extension' })

const line = z.object({
  position: z.number().int(),
  extension: z.string(),
  displayName: z.string(),
  label: z.string().optional(),
  authUser: z.string(),
  registered: z.boolean(),
})

export const device = z
  .object({
    id: z.string(),
    mac: z.string(),
    model: z.string(),
    name: z.string().optional(),
    state: z.enum(DEVICE_STATES),
    group: z.string().optional(),
    lines: z.array(line),
    keys: z.array(key),
    firmware: z.string().optional(),
    lastSeen: time.optional(),
    lastSeenIp: z.string().optional(),
    registered: z.boolean(),
    revision: z.number().int(),
  })
  .meta({ id: 'Device' })

export const lineInput = z.strictObject({
  extension: number,
  position: z.number().int().optional().meta({ description: 'Default: the first free line' }),
  label: text.optional(),
})

export const group = z
  .object({
    id: z.string(),
    name: z.string(),
    devices: z.number().int(),
    people: z.number().int(),
    revision: z.number().int(),
  })
  .meta({ id: 'Group' })

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

export const registration = z
  .object({
    id: z.string(),
    aor: z.string(),
    extension: z.string(),
    mac: z.string().optional(),
    line: z.number().int().optional(),
    contact: z.string(),
    received: z.string(),
    transport: z.string(),
    registeredAt: time,
    expiresAt: time,
    userAgent: z.string().optional(),
  })
  .meta({ id: 'Registration' })

export const event = z
  .object({
    id: z.number().int(),
    at: time,
    transport: z.string(),
    path: z.string(),
    peer: z.string(),
    mac: z.string().optional(),
    userAgent: z.string().optional(),
    outcome: z.enum(OUTCOMES),
    status: z.number().int(),
    bytes: z.number().int(),
    micros: z.number().int(),
    sha256: z.string().optional(),
    reason: z.string().optional(),
    times: z.number().int().optional(),
  })
  .meta({ id: 'Event' })

export const outcome = z.enum(OUTCOMES)

export const stranger = z
  .object({
    peer: z.string(),
    outcome: z.string(),
    first: time,
    last: time,
    requests: z.number().int(),
    path: z.string(),
    mac: z.string().optional(),
    userAgent: z.string().optional(),
    reason: z.string().optional(),
  })
  .meta({ id: 'Stranger' })

export const auditEntry = z
  .object({
    id: z.number().int(),
    at: time,
    actor: z.string(),
    action: z.string(),
    entity: z.string(),
    entityId: z.string(),
    site: z.string().optional(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
  })
  .meta({ id: 'AuditEntry' })

/** A role somebody has; without a site in all of them. */
export const grantInput = z.strictObject({ role: text, site: text.optional() })
const grant = z.object({ role: z.string(), site: z.string().optional() })

export const admin = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string().optional(),
    enabled: z.boolean(),
    roles: z.array(grant),
    totp: z.boolean().meta({ description: 'Signs in with a code of an authenticator app' }),
    password: z.boolean().meta({ description: 'A password is set' }),
    lastSignIn: time.optional(),
    revision: z.number().int(),
  })
  .meta({ id: 'Admin' })

export const role = z
  .object({
    id: z.string(),
    name: z.string(),
    site: z.string().optional(),
    permissions: z.array(permission),
    revision: z.number().int(),
  })
  .meta({ id: 'Role' })

export const apiToken = z
  .object({
    id: z.string(),
    label: z.string(),
    scopes: z.array(permission).optional(),
    site: z.string().optional(),
    created: time,
    expires: time,
    lastUsed: time.optional(),
  })
  .meta({ id: 'Token' })

export const tokenInput = z.strictObject({
  label: text,
  scopes: z.array(permission).optional().meta({ description: 'Absent: all that the admin may' }),
  site: text.optional(),
  days: z.number().int().optional().meta({ description: 'Good for so many days; default 90, most 3650' }),
})

export const site = z
  .object({ id: z.string(), slug: z.string(), name: z.string(), sipDomain: z.string().optional() })
  .meta({ id: 'Site' })

export const session = z
  .object({
    name: z.string(),
    email: z.string().optional(),
    totp: z.boolean(),
    csrfToken: z
      .string()
      .optional()
      .meta({ description: 'Send it as X-CSRF-Token with every change; none for tokens' }),
    expiresAt: time.optional(),
    sites: z.array(z.object({ slug: z.string(), name: z.string(), permissions: z.array(permission) })),
    permissions: z.array(permission).meta({ description: 'For the server and every site' }),
  })
  .meta({ id: 'Session' })

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
