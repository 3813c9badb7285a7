import { z } from 'zod'
import { KEY_KINDS } from '../../domain/entities.js'
import { text } from './schemas.js'

export const keyInput = z.strictObject({
  position: z.number().int(),
  bank: text.optional(),
  kind: z.enum(KEY_KINDS),
  value: text.optional(),
  label: text.optional(),
  line: z.number().int().optional(),
  locked: z.boolean().optional().meta({ description: 'The person cannot change it on the own page' }),
})

export const key = z
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
