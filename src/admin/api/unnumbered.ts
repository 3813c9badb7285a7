import { z } from 'zod'
import { route } from '../route.js'
import { number, text, time } from './schemas.js'
import { isoTime } from './views.js'

const TAG = 'People'
const params = { id: text }

const unnumbered = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string().optional(),
    fields: z.array(z.string()).meta({ description: 'Names of the settings that are kept' }),
    createdAt: time,
    createdBy: z.string(),
  })
  .meta({ id: 'UnnumberedPerson' })

/** People whom files gave no number: they wait for one. */
export const unnumberedRoutes = [
  route({
    id: 'listUnnumbered',
    method: 'get',
    path: '/people-without-number',
    tag: TAG,
    summary: 'People whom an import gave no number, by name; no phone can be theirs before they have one',
    access: 'people.read',
    answer: z.object({ items: z.array(unnumbered) }),
    handle: async ({ use: { bulk } }) => ({
      body: {
        items: (await bulk.unnumbered.list()).map(
          ({ id, displayName: name, email, settings, createdAt, createdBy }) => ({
            ...{ id, name, ...(email === undefined ? {} : { email }) },
            ...{ fields: [...settings.keys()], createdAt: isoTime(createdAt), createdBy },
          }),
        ),
      },
    }),
  }),
  route({
    id: 'giveNumber',
    method: 'post',
    path: '/people-without-number/{id}/number',
    tag: TAG,
    summary: 'Give somebody a number: from now on an extension, with all that was kept',
    access: 'people.write',
    params,
    body: z.strictObject({ number }),
    status: 201,
    answer: z.object({ number: z.string() }),
    handle: async ({ use: { bulk }, by, params: { id }, body }) => {
      const given = body.number.trim()
      await bulk.giveNumber(by.actor, id, given)
      return { body: { number: given }, location: `/extensions/${encodeURIComponent(given)}` }
    },
  }),
  route({
    id: 'removeUnnumbered',
    method: 'delete',
    path: '/people-without-number/{id}',
    tag: TAG,
    summary: 'Forget somebody who has no number',
    access: 'people.write',
    params,
    handle: async ({ use: { bulk }, by, params: { id } }) => {
      await bulk.unnumbered.remove(by.actor, id)
      return {}
    },
  }),
]
