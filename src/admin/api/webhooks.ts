import { z } from 'zod'
import { may } from '../../accounts/permissions.js'
import { AppError } from '../../domain/errors.js'
import { HAPPENING_TYPES, HAPPENINGS, happeningText, type Happening } from '../../webhooks/happening.js'
import type { Delivery, Webhook } from '../../webhooks/store.js'
import { shownUrl, type WebhookView } from '../../webhooks/use-cases.js'
import { route, type Call, type EventSink } from '../route.js'
import { logOf, logSchema } from './live.js'
import { flag, text, time } from './schemas.js'
import { logQuery } from './state-schemas.js'
import { isoTime } from './views.js'

const TAG = 'Events'
const params = { id: text }
const types = z.array(z.enum(HAPPENING_TYPES)).meta({ description: 'What it is told; empty: everything' })

const webhook = z
  .object({
    id: z.string(),
    url: z.string().meta({ description: 'What stands behind a question mark is not shown' }),
    types,
    enabled: z.boolean(),
    waiting: z.number().int().optional(),
    givenUp: z.number().int().optional(),
    revision: z.number().int(),
    createdAt: time,
  })
  .meta({ id: 'Webhook' })

const withSecret = webhook.extend({
  secret: z.string().meta({ description: 'Signs what is sent (Standard Webhooks); shown this once' }),
})

const delivery = z
  .object({
    id: z.number().int(),
    event: z.string(),
    type: z.string(),
    state: z.enum(['waiting', 'delivered', 'given-up']),
    attempts: z.number().int(),
    createdAt: time,
    nextAt: time.optional(),
    finishedAt: time.optional(),
    status: z.number().int().optional(),
    reason: z.string().optional(),
  })
  .meta({ id: 'WebhookDelivery' })

function view({ url, createdAt, ...rest }: Webhook | WebhookView): object {
  return { ...rest, url: shownUrl(url), createdAt: isoTime(createdAt) }
}

function deliveryView({ happeningId, createdAt, nextAt, finishedAt, ...rest }: Delivery): object {
  return {
    ...rest,
    event: happeningId,
    createdAt: isoTime(createdAt),
    ...(rest.state === 'waiting' ? { nextAt: isoTime(nextAt) } : {}),
    finishedAt: isoTime(finishedAt),
  }
}

/** Nobody has others told what he may not see himself. Throws FORBIDDEN. */
function requireMayTell({ by, site }: Call, wanted: readonly (keyof typeof HAPPENINGS)[] = []): void {
  for (const type of wanted.length === 0 ? HAPPENING_TYPES : wanted) {
    if (!may(by.rights, HAPPENINGS[type], site.id)) {
      throw new AppError('FORBIDDEN', `${HAPPENINGS[type]} is needed to tell of ${type}`, { field: 'types' })
    }
  }
}

export const webhookRoutes = [
  route({
    id: 'listWebhooks',
    method: 'get',
    path: '/webhooks',
    tag: TAG,
    summary: 'Who is told of changes by HTTP',
    access: 'webhooks.read',
    answer: z.object({ items: z.array(webhook) }),
    handle: async ({ use }) => ({ body: { items: (await use.webhooks.list()).map(view) } }),
  }),
  route({
    id: 'addWebhook',
    method: 'post',
    path: '/webhooks',
    tag: TAG,
    summary: 'Have somebody told of changes; the secret that signs them is shown this once',
    access: 'webhooks.write',
    body: z.strictObject({ url: text, types: types.optional() }),
    status: 201,
    answer: withSecret,
    handle: async (call) => {
      requireMayTell(call, call.body.types)
      const { webhook: made, secret } = await call.use.webhooks.add(call.by.actor, call.body)
      return {
        body: { ...view(made), secret: secret.reveal() },
        entity: made,
        location: `/webhooks/${made.id}`,
      }
    },
  }),
  route({
    id: 'showWebhook',
    method: 'get',
    path: '/webhooks/{id}',
    tag: TAG,
    summary: 'A webhook, and what waits for it',
    access: 'webhooks.read',
    params,
    answer: webhook,
    handle: async ({ use, params: { id } }) => {
      const found = await use.webhooks.show(id)
      return { body: view(found), entity: found }
    },
  }),
  route({
    id: 'updateWebhook',
    method: 'patch',
    path: '/webhooks/{id}',
    tag: TAG,
    summary: 'Change address or types, switch off and on',
    access: 'webhooks.write',
    params,
    body: z.strictObject({ url: text.optional(), types: types.optional(), enabled: z.boolean().optional() }),
    conditional: true,
    answer: webhook,
    handle: async (call) => {
      const { use, by, params: given, body } = call
      const known = await use.webhooks.show(given.id)
      requireMayTell(call, body.types ?? known.types)
      const updated = await use.webhooks.update(by.actor, given.id, body)
      return { body: view(updated), entity: updated }
    },
  }),
  route({
    id: 'resetWebhookSecret',
    method: 'post',
    path: '/webhooks/{id}/secret',
    tag: TAG,
    summary: 'A new secret, shown this once; the old one signs nothing any more',
    access: 'webhooks.write',
    params,
    answer: z.object({ secret: z.string() }),
    handle: async ({ use, by, params: { id } }) => ({
      body: { secret: (await use.webhooks.resetSecret(by.actor, id)).reveal() },
    }),
  }),
  route({
    id: 'removeWebhook',
    method: 'delete',
    path: '/webhooks/{id}',
    tag: TAG,
    summary: 'Tell nobody there any more; what waits is forgotten',
    access: 'webhooks.write',
    params,
    conditional: true,
    handle: async ({ use, by, params: { id } }) => {
      await use.webhooks.remove(by.actor, id)
      return {}
    },
  }),
  route({
    id: 'testWebhook',
    method: 'post',
    path: '/webhooks/{id}/test',
    tag: TAG,
    summary: 'Tell it something of type `test`; the deliveries show what came of it',
    access: 'webhooks.write',
    params,
    status: 204,
    handle: async ({ use, params: { id } }) => {
      await use.webhooks.test(id)
      return {}
    },
  }),
  route({
    id: 'listDeliveries',
    method: 'get',
    path: '/webhooks/{id}/deliveries',
    tag: TAG,
    summary: 'What it was told, or is to be told, newest first',
    access: 'webhooks.read',
    params,
    query: logQuery,
    answer: logSchema(delivery),
    handle: async ({ use, params: { id }, query }) => {
      const items = await use.webhooks.deliveries(id, query)
      return { body: { items: items.map(deliveryView), ...logOf(items, query.limit) } }
    },
  }),
  route({
    id: 'repeatDelivery',
    method: 'post',
    path: '/webhooks/{id}/deliveries/{delivery}/repeat',
    tag: TAG,
    summary: 'Tell one thing once more',
    access: 'webhooks.write',
    params: { ...params, delivery: z.coerce.number().int().min(1) },
    status: 204,
    handle: async ({ use, params: { id, delivery: number } }) => {
      await use.webhooks.again(id, number)
      return {}
    },
  }),
  route({
    id: 'streamEvents',
    method: 'get',
    path: '/stream',
    tag: TAG,
    summary: 'What happens, as server-sent events; goes on where it was when Last-Event-ID is sent within two minutes',
    access: 'self',
    query: {
      types: text.optional().meta({ description: `Comma-separated, of ${HAPPENING_TYPES.join(', ')}; default: all` }),
      all: flag.optional().meta({ description: 'Of all sites that you may see, not of one' }),
    },
    gives: 'text/event-stream',
    answer: z.string(),
    handle: (call) => ({ stream: (sink) => follow(call, call.query, sink) }),
  }),
]

async function follow(
  { parts, by, site, lastEventId }: Call,
  { types: wanted, all = false }: { types?: string | undefined; all?: boolean | undefined },
  sink: EventSink,
): Promise<void> {
  const only = wanted === undefined ? undefined : new Set(wanted.split(',').map((type) => type.trim()))
  const concerns = (one: Happening): boolean => {
    if (only && !only.has(one.type)) return false
    if (!all && one.siteId !== undefined && one.siteId !== site.id) return false
    return may(by.rights, HAPPENINGS[one.type], one.siteId ?? site.id)
  }
  const siteName = (id: string): string | undefined => parts.snapshot.site(id)?.slug
  const { complete, leave } = await parts.happenings.listen(lastEventId, (one) => {
    if (concerns(one)) sink.send({ id: one.id, event: one.type, data: happeningText(one, siteName) })
  })
  sink.onClose(leave)
  if (!complete) sink.send({ event: 'reset', data: '{"reason":"read the lists anew"}' })
}
