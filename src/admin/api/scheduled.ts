import { z } from 'zod'
import { SCHEDULE_STATES, type ScheduledChange } from '../../settings/schedule.js'
import { editOf } from '../save-setting.js'
import { zoneOf } from '../settings-place.js'
import { closedNext, plannedMoment } from '../../snapshot/planned-moment.js'
import { route, type Call } from '../route.js'
import { layer, settingValue, text } from './schemas.js'
import { isoTime } from './views.js'

const TAG = 'Settings'

const scheduled = z
  .object({
    id: z.string(),
    at: z.string(),
    layer,
    owner: z.string(),
    key: z.string(),
    value: settingValue.optional().meta({ description: 'Absent: back to what weaker layers say' }),
    resync: z.boolean(),
    state: z.enum(SCHEDULE_STATES),
    finishedAt: z.string().optional(),
    changed: z.number().int().optional().meta({ description: 'Phones whose files it changed' }),
    asked: z.number().int().optional().meta({ description: 'Phones that were asked to fetch them' }),
    reason: z.string().optional(),
    createdBy: z.string(),
    createdAt: z.string(),
    revision: z.number().int(),
  })
  .meta({ id: 'ScheduledChange' })

function scheduledView({ parts }: Call, change: ScheduledChange): z.input<typeof scheduled> {
  const { id, at, layer: of, ownerName, key, value, resync, state, finishedAt, createdBy, createdAt } = change
  const shown = value !== undefined && value !== null && parts.isSecretSetting(key) ? '[secret]' : value
  return {
    ...{ id, at: isoTime(at), layer: of, owner: ownerName, key, resync, state },
    ...(value === undefined ? {} : { value: shown as z.input<typeof settingValue> }),
    ...{ finishedAt: isoTime(finishedAt), changed: change.changed, asked: change.asked, reason: change.reason },
    ...{ createdBy, createdAt: isoTime(createdAt), revision: change.revision },
  }
}

const params = { id: text }

export const scheduledRoutes = [
  route({
    id: 'listScheduledChanges',
    method: 'get',
    path: '/scheduled-changes',
    tag: TAG,
    summary: 'Values of settings that are to be saved at a time, and those that were',
    access: 'settings.read',
    query: { limit: z.coerce.number().int().min(1).max(500).default(100) },
    answer: z.object({
      items: z.array(scheduled),
      zone: z.string().meta({ description: "The site's time zone" }),
      closedNext: z
        .string()
        .optional()
        .meta({ description: 'When the office is closed next, now included; absent: it has no office hours' }),
    }),
    handle: async (call) => {
      const items = await call.parts.schedule.list(call.site.id, call.query.limit)
      const closed = closedNext(call.parts.snapshot, call.site.id, call.parts.clock.now())
      return {
        body: { items: items.map((one) => scheduledView(call, one)), zone: zoneOf(call), closedNext: isoTime(closed) },
      }
    },
  }),
  route({
    id: 'addScheduledChange',
    method: 'post',
    path: '/scheduled-changes',
    tag: TAG,
    summary: 'Save a value at a time, and ask the phones whose files it changes to fetch them',
    access: 'settings.write',
    body: z.strictObject({
      layer,
      owner: text,
      key: text,
      value: settingValue.optional().meta({ description: 'Absent: back to what weaker layers say' }),
      at: text.meta({
        description:
          'ISO 8601; without an offset by the clocks of the site; closed: as soon as the office is, by officeHours and holidays',
        example: '2026-03-31T02:30',
      }),
      resync: z.boolean().default(true),
    }),
    status: 201,
    answer: scheduled,
    handle: async (call) => {
      const { at, resync, value, ...named } = call.body
      const edit = await editOf(call, named, value)
      const input = {
        ...edit,
        ownerName: named.owner,
        at: plannedMoment(call.parts.snapshot, call.site.id, at, call.parts.clock.now()),
        resync,
      }
      const change = await call.parts.schedule.add(call.by.actor, call.site.id, input)
      return {
        body: scheduledView(call, change),
        location: `/scheduled-changes/${change.id}`,
        entity: { id: change.id, revision: change.revision },
      }
    },
  }),
  route({
    id: 'showScheduledChange',
    method: 'get',
    path: '/scheduled-changes/{id}',
    tag: TAG,
    summary: 'A planned change, and what came of it',
    access: 'settings.read',
    params,
    answer: scheduled,
    handle: async (call) => {
      const change = await call.parts.schedule.show(call.site.id, call.params.id)
      return { body: scheduledView(call, change), entity: { id: change.id, revision: change.revision } }
    },
  }),
  route({
    id: 'cancelScheduledChange',
    method: 'delete',
    path: '/scheduled-changes/{id}',
    tag: TAG,
    summary: 'Cancel a planned change',
    access: 'settings.write',
    params,
    conditional: true,
    handle: async ({ parts, by, site, seen, params: { id } }) => {
      await parts.schedule.cancel(by.actor, site.id, id, seen)
      return {}
    },
  }),
]
