import { z } from 'zod'
import { AppError } from '../../domain/errors.js'
import type { EffectJob } from '../../provisioning/effect-jobs.js'
import { route, type Call } from '../route.js'
import { askEffect, editOf, EFFECT_PATIENCE_MS } from '../save-setting.js'
import { closedNext } from '../../snapshot/planned-moment.js'
import { momentOf, resyncAt } from './resync.js'
import { settingParams } from './settings.js'
import { mac, settingValue, text } from './schemas.js'
import { isoTime } from './views.js'

const TAG = 'Settings'
/** More phones are counted, not listed. */
const LISTED_PHONES = 200

const int = z.number().int()
const diffLine = z.object({ kind: z.enum(['gone', 'new', 'same']), text: z.string() })
export const diffSchema = z.array(diffLine)

const effectSchema = z
  .object({
    id: z.string(),
    complete: z.boolean().meta({ description: 'false: still at work; ask GET /effects/{id}' }),
    looked: int.meta({ description: 'Phones looked at so far' }),
    of: int,
    failed: z.string().optional(),
    changed: int.optional().meta({ description: 'Phones whose files would be others' }),
    restarting: int.optional().meta({ description: 'How many of them restart for it' }),
    failing: int
      .optional()
      .meta({ description: 'Phones whose files could not be made; they would keep what they have' }),
    failure: z.string().optional(),
    phones: z
      .array(z.string())
      .optional()
      .meta({ description: `MAC addresses, at most ${LISTED_PHONES}` }),
    sample: z
      .object({ mac: z.string(), files: z.array(z.object({ name: z.string(), diff: diffSchema })) })
      .optional()
      .meta({ description: 'What would be different for one of them, secrets masked' }),
  })
  .meta({ id: 'Effect' })

function effectView({ id, looked, of, effect, failed }: EffectJob, { site }: Call): z.input<typeof effectSchema> {
  const base = { id, looked, of, complete: effect !== undefined || failed !== undefined, failed }
  if (!effect) return base
  const { changed, restarts, failing, failure, sample } = effect
  // A shared layer reaches phones of other sites: they are counted, and shown to their own.
  const own = changed.filter(({ siteId }) => siteId === site.id)
  return {
    ...base,
    changed: changed.length,
    restarting: restarts ? changed.length : 0,
    failing,
    failure,
    phones: own.slice(0, LISTED_PHONES).map((one) => one.mac),
    ...(sample?.device.siteId === site.id
      ? { sample: { mac: sample.device.mac, files: sample.files.map(({ name, diff }) => ({ name, diff: [...diff] })) } }
      : {}),
  }
}

export const effectRoutes = [
  route({
    id: 'previewSetting',
    method: 'post',
    path: '/settings/{layer}/{owner}/{key}/preview',
    tag: TAG,
    summary:
      'What saving a value would do: which phones change, whether they restart, what is different for one of them',
    access: 'settings.write',
    params: { ...settingParams, key: text },
    body: z.strictObject({
      value: settingValue.optional().meta({ description: 'Absent: back to what weaker layers say' }),
    }),
    answer: effectSchema,
    handle: async (call) => {
      const edit = await editOf(call, call.params, call.body.value)
      return { body: effectView(await askEffect(call, [edit], EFFECT_PATIENCE_MS), call) }
    },
  }),
  route({
    id: 'showEffect',
    method: 'get',
    path: '/effects/{id}',
    tag: TAG,
    summary: 'How far a preview is, and what it found; kept for ten minutes',
    access: 'settings.read',
    params: { id: text },
    answer: effectSchema,
    handle: (call) => {
      const { parts, by, site, params } = call
      return { body: effectView(parts.effects.show(by.actor, site.id, params.id), call) }
    },
  }),
]

const changedPhone = z.object({
  mac: z.string(),
  name: z.string().optional(),
  model: z.string(),
  files: z.array(z.object({ name: z.string(), servedAt: z.string() })),
})

export const changeRoutes = [
  route({
    id: 'listChanges',
    method: 'get',
    path: '/changes',
    tag: 'Phones',
    summary: 'Phones that would get other files now than they have: just these gain by a resync',
    access: 'phones.read',
    query: { limit: z.coerce.number().int().min(1).max(1_000).default(200) },
    answer: z.object({
      items: z.array(changedPhone),
      total: int,
      same: int.meta({ description: 'Phones that have what they would get' }),
      unknown: int.meta({ description: 'Phones of which it is not known what they have' }),
      closedNext: z
        .string()
        .optional()
        .meta({ description: 'When the office is closed next, now included; absent: it has no office hours' }),
    }),
    handle: async ({ parts, site, query }) => {
      await parts.waiting.refresh()
      const { changed, same, unknown } = parts.waiting.of(site.id)
      const items = changed.slice(0, query.limit).map(({ device, files }) => ({
        mac: device.mac,
        name: device.name,
        model: device.model,
        files: files.map(({ name, servedAt }) => ({ name, servedAt: isoTime(servedAt) })),
      }))
      const closed = closedNext(parts.snapshot, site.id, parts.clock.now())
      return { body: { items, total: changed.length, same, unknown, closedNext: isoTime(closed) } }
    },
  }),
  route({
    id: 'resyncChanged',
    method: 'post',
    path: '/changes/resync',
    tag: 'Phones',
    summary: 'Ask phones that would get other files than they have to fetch them: all, or those named',
    access: 'phones.state',
    body: z.strictObject({ phones: z.array(mac).max(10_000).optional(), at: resyncAt }),
    status: 202,
    answer: z.object({ asked: int }),
    handle: async (call) => {
      const { parts, use, site, by, body } = call
      const at = momentOf(call, body.at)
      await parts.waiting.refresh()
      const waiting = parts.waiting.of(site.id).changed.map(({ device }) => device)
      const wanted = body.phones && new Set<string>()
      for (const one of body.phones ?? []) wanted?.add((await use.devices.show(one)).mac)
      const phones = waiting.filter((device) => wanted?.has(device.mac) ?? true)
      if (wanted && phones.length < wanted.size) {
        throw new AppError('REQUEST_INVALID', 'a phone that is named has what it would get', { field: 'phones' })
      }
      return { body: { asked: (await parts.resync.ask(by.actor, phones, 'resync', at)).length } }
    },
  }),
]
