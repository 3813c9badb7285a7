import { z } from 'zod'
import { may } from '../../accounts/permissions.js'
import { route } from '../route.js'
import { timelineSchema } from '../timeline-schema.js'
import { timelineOf } from '../timeline.js'
import { mac } from './schemas.js'

export const timelineRoutes = [
  route({
    id: 'showTimeline',
    method: 'get',
    path: '/devices/{mac}/timeline',
    tag: 'State',
    summary: 'What a phone asked, was given, registered and was told, newest first, and what keeps it from working',
    access: 'events.read',
    params: { mac },
    query: { limit: z.coerce.number().int().min(1).max(200).default(40) },
    answer: timelineSchema,
    handle: async ({ parts, use, params, query, by, site }) => {
      const device = await use.devices.show(params.mac)
      const registrations = may(by.rights, 'registrations.read', site.id)
      return { body: await timelineOf(parts, device, { limit: query.limit, registrations }) }
    },
  }),
]
