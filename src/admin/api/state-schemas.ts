import { z } from 'zod'
import { OUTCOMES } from '../../domain/entities.js'
import { count, limit, time } from './schemas.js'

/** Query parameters of a log, newest first. */
export const logQuery = {
  limit,
  before: count.optional().meta({ description: 'Only entries older than the one of this id' }),
}

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
