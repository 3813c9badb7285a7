import { z } from 'zod'
import type { Millis } from '../../domain/clock.js'
import { AppError } from '../../domain/errors.js'
import { plannedMoment } from '../../snapshot/planned-moment.js'
import { RESYNC_KINDS, RESYNC_OUTCOMES, type ResyncRequest } from '../../resync/resync.js'
import { route, type Call } from '../route.js'
import { mac, text } from './schemas.js'
import { isoTime } from './views.js'

const TAG = 'Phones'
const params = { mac }
const FARTHEST_MS = 14 * 86_400_000

const resync = z.object({
  id: z.string(),
  mac: z.string(),
  kind: z.enum(RESYNC_KINDS),
  requestedBy: z.string(),
  requestedAt: z.string().meta({ description: 'When it is to be done, if that is ahead' }),
  finishedAt: z.string().optional(),
  outcome: z.enum(RESYNC_OUTCOMES).optional().meta({ description: 'Absent while it is under way' }),
  status: z.number().int().optional().meta({ description: 'SIP status of the answer' }),
  reason: z.string().optional(),
  event: z.string().optional().meta({ description: 'Event header that was sent' }),
  sentTo: z.string().optional(),
})

function resyncView(request: ResyncRequest): object {
  const { id, mac: own, kind, requestedBy, requestedAt, finishedAt, outcome, status, reason, event, sentTo } = request
  const times = { requestedAt: isoTime(requestedAt), finishedAt: isoTime(finishedAt) }
  return { id, mac: own, kind, requestedBy, ...times, outcome, status, reason, event, sentTo }
}

/** When phones are to be asked. */
export const resyncAt = text.optional().meta({
  description:
    'Absent: at once. ISO 8601 within two weeks, without an offset by the clocks of the site; closed: outside office hours',
})

/** Throws SCHEDULE_INVALID for a time that is past or more than two weeks ahead. */
export function momentOf({ parts, site }: Pick<Call, 'parts' | 'site'>, at: string | undefined): Millis | undefined {
  if (at === undefined) return undefined
  const now = parts.clock.now()
  const moment = plannedMoment(parts.snapshot, site.id, at, now)
  if (moment > now && moment - now <= FARTHEST_MS) return moment
  throw new AppError('SCHEDULE_INVALID', 'at: the time must be within two weeks', { field: 'at' })
}

export const resyncRoutes = [
  route({
    id: 'resyncDevice',
    method: 'post',
    path: '/devices/{mac}/resync',
    tag: TAG,
    summary:
      'Ask a registered phone to look for a new config, or to restart; one request of a phone is under way at a time',
    access: 'phones.state',
    params,
    body: z.strictObject({ kind: z.enum(RESYNC_KINDS).default('resync'), at: resyncAt }),
    status: 202,
    answer: resync,
    handle: async (call) => {
      const {
        parts,
        use,
        by,
        params: { mac: own },
        body,
      } = call
      const phone = await use.devices.show(own)
      const [asked] = await parts.resync.ask(by.actor, [phone], body.kind, momentOf(call, body.at))
      return { body: asked && resyncView(asked), location: `/devices/${phone.mac}/resyncs` }
    },
  }),
  route({
    id: 'listDeviceResyncs',
    method: 'get',
    path: '/devices/{mac}/resyncs',
    tag: TAG,
    summary: 'What a phone was asked, by whom, and what came of it, newest first',
    access: 'events.read',
    params,
    query: { limit: z.coerce.number().int().min(1).max(200).default(20) },
    answer: z.object({ items: z.array(resync) }),
    handle: async ({ parts, use, params: { mac: own }, query }) => {
      const phone = await use.devices.show(own)
      return { body: { items: (await parts.resync.ofPhone(phone.mac, query.limit)).map(resyncView) } }
    },
  }),
]
