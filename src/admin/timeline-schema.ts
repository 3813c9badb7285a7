import { z } from 'zod'
import { OUTCOMES } from '../domain/entities.js'
import { RESYNC_KINDS, RESYNC_OUTCOMES } from '../resync/resync.js'
import { DIAGNOSES } from './diagnosis.js'

const KINDS = [
  'asked',
  'registered',
  'unregistered',
  'expired',
  'replaced',
  'revoked',
  'refused',
  'subscribed',
  'told',
] as const

const step = z
  .object({
    at: z.string(),
    kind: z.enum(KINDS).meta({
      description:
        'told: it was asked by SIP to look for a new config or to restart; subscribed: it asked to watch others, status is what it was answered',
    }),
    outcome: z.enum([...OUTCOMES, ...RESYNC_OUTCOMES]).optional(),
    file: z.string().optional(),
    transport: z.string().optional(),
    peer: z.string().optional(),
    bytes: z.number().int().optional(),
    micros: z.number().int().optional(),
    sha256: z.string().optional(),
    times: z.number().int().optional(),
    reason: z.string().optional(),
    number: z.string().optional(),
    targets: z.array(z.string()).optional().meta({ description: 'Whom it asked to watch' }),
    afterMs: z.number().int().optional().meta({ description: 'Since it was given its last file' }),
    userAgent: z.string().optional(),
    what: z.enum(RESYNC_KINDS).optional(),
    by: z.string().optional(),
    status: z.number().int().optional(),
  })
  .meta({ id: 'TimelineStep' })

export const timelineSchema = z.object({
  diagnoses: z
    .array(
      z.object({
        code: z.enum(DIAGNOSES),
        values: z.record(z.string(), z.union([z.string(), z.number()])),
        at: z.string().optional(),
      }),
    )
    .meta({ description: 'Why it is not registered, the likeliest first, and what is worth knowing' }),
  steps: z.array(step),
})

export type TimelineStep = z.output<typeof step>
export type Timeline = z.output<typeof timelineSchema>
