import { z } from 'zod'
import { PERMISSION_NAMES } from '../../accounts/permissions.js'
import { text, time } from './schemas.js'

export const permission = z.enum(PERMISSION_NAMES)
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
