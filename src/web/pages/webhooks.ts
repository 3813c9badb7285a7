import type { AppError } from '../../domain/errors.js'
import { HAPPENING_TYPES } from '../../webhooks/happening.js'
import { ask, done, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { adminPage } from './admin-menu.js'

interface Webhook {
  id: string
  url: string
  types: string[]
  enabled: boolean
  waiting: number
  givenUp: number
  revision: number
}

interface Delivery {
  id: number
  type: string
  state: 'waiting' | 'delivered' | 'given-up'
  attempts: number
  createdAt: string
  status?: number
  reason?: string
}

const DELIVERIES = '50'
const pathOf = (id: string): string => `/webhooks/${encodeURIComponent(id)}`
const paramsOf = ({ params: { id = '' } }: PageCall): { id: string } => ({ id })

async function list(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { items } = await ask<{ items: Webhook[] }>(call, 'listWebhooks')
  const chosen = typesIn(call)
  return adminPage(call, 'webhooks', {
    view: 'webhooks',
    title: call.words.t('webhooks.title'),
    ...(refused ? { status: 422 } : {}),
    data: {
      webhooks: items.map((one) => ({ ...one, path: pathOf(one.id), told: toldTo(call, one) })),
      types: HAPPENING_TYPES.map((name) => ({ name, chosen: chosen.includes(name) })),
      values: { url: call.form.url ?? '' },
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  })
}

/** A form has a box for each type, named after it. */
function typesIn({ form }: PageCall): string[] {
  return HAPPENING_TYPES.filter((name) => form[name] === 'on')
}

function toldTo({ words }: PageCall, { types }: Webhook): string {
  return types.length === 0 ? words.t('webhooks.everything') : types.join(', ')
}

/** The one time that a secret is shown. */
function secretPage(call: PageCall, id: string, secret: string): PageAnswer {
  return adminPage(call, 'webhooks', {
    view: 'webhook-secret',
    title: call.words.t('webhooks.secret'),
    data: { secret, back: pathOf(id) },
  })
}

async function one(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const params = paramsOf(call)
  const webhook = await ask<Webhook>(call, 'showWebhook', { params })
  const { items } = await ask<{ items: Delivery[] }>(call, 'listDeliveries', { params, query: { limit: DELIVERIES } })
  return adminPage(call, 'webhooks', {
    view: 'webhook',
    title: webhook.url,
    ...(refused ? { status: 422 } : {}),
    data: {
      webhook: { ...webhook, path: pathOf(webhook.id), told: toldTo(call, webhook) },
      deliveries: items.map((delivery) => ({
        ...delivery,
        when: Date.parse(delivery.createdAt),
        stateText: call.words.t(`webhooks.delivery.${delivery.state}`),
        answer: delivery.status ?? delivery.reason ?? '',
        over: delivery.state !== 'waiting',
      })),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  })
}

/** A button on the page of a webhook: what it does, and the page again. */
function button(id: string, action: string, of: string, act: (call: PageCall) => Promise<unknown>) {
  return page({
    id,
    method: 'post',
    path: `/webhooks/{id}/${action}`,
    of,
    run: async (call) => {
      await act(call)
      return { to: pathOf(paramsOf(call).id) }
    },
    refused: one,
  })
}

export const webhookPages = [
  page({ id: 'webhooks', method: 'get', path: '/webhooks', of: 'listWebhooks', run: (call) => list(call) }),
  page({
    id: 'addWebhook',
    method: 'post',
    path: '/webhooks',
    of: 'addWebhook',
    run: async (call) => {
      const body = { url: (call.form.url ?? '').trim(), types: typesIn(call) }
      const { id, secret } = await ask<{ id: string; secret: string }>(call, 'addWebhook', { body })
      return secretPage(call, id, secret)
    },
    refused: list,
  }),
  page({ id: 'webhook', method: 'get', path: '/webhooks/{id}', of: 'showWebhook', run: (call) => one(call) }),
  page({
    id: 'resetWebhookSecret',
    method: 'post',
    path: '/webhooks/{id}/secret',
    of: 'resetWebhookSecret',
    run: async (call) => {
      const params = paramsOf(call)
      const { secret } = await ask<{ secret: string }>(call, 'resetWebhookSecret', { params })
      return secretPage(call, params.id, secret)
    },
    refused: one,
  }),
  button('testWebhook', 'test', 'testWebhook', (call) => ask(call, 'testWebhook', { params: paramsOf(call) })),
  button('switchWebhook', 'switch', 'updateWebhook', (call) =>
    ask(call, 'updateWebhook', { params: paramsOf(call), body: { enabled: call.form.enabled === 'true' } }),
  ),
  button('repeatDelivery', 'repeat', 'repeatDelivery', (call) =>
    ask(call, 'repeatDelivery', { params: { ...paramsOf(call), delivery: call.form.delivery ?? '' } }),
  ),
  page({
    id: 'removeWebhook',
    method: 'post',
    path: '/webhooks/{id}/remove',
    of: 'removeWebhook',
    run: async (call) => {
      await ask(call, 'removeWebhook', { params: paramsOf(call) })
      return { to: done('/webhooks', 'removed') }
    },
    refused: one,
  }),
]
