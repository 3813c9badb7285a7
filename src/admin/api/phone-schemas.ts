import { z } from 'zod'
import { KEY_SITES } from '../../catalog/manifest.js'
import { DEVICE_STATES, KEY_KINDS } from '../../domain/entities.js'
import { key } from './key-schemas.js'
import { number, text, time } from './schemas.js'

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
