import type { Change } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId, type Random } from '../domain/random.js'
import { refuseStale, type Seen } from '../domain/revision.js'
import { Secret } from '../domain/secret.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SecretBox } from '../secrets/seal.js'
import { HAPPENING_TYPES, type HappeningType } from './happening.js'
import type { Delivery, DeliveryStore, Webhook, WebhookStore } from './store.js'

/** Each webhook costs a query a second and a connection. */
const MOST_WEBHOOKS = 20
const URL_MAX = 500
const SECRET_BYTES = 24
const SECRET_PREFIX = 'whsec_'

export interface WebhookInput {
  url: string
  /** Empty or absent: everything. */
  types?: readonly string[] | undefined
}

export interface WebhookChanges {
  url?: string | undefined
  types?: readonly string[] | undefined
  enabled?: boolean | undefined
}

/** A webhook with what waits for it. */
export interface WebhookView extends Webhook {
  readonly waiting: number
  readonly givenUp: number
}

/** What an operator may do with the webhooks of a site. */
export interface WebhookAdmin {
  /** The secret is shown this once. Throws WEBHOOK_INVALID. */
  add(actor: string, input: WebhookInput): Promise<{ webhook: Webhook; secret: Secret }>
  list(): Promise<WebhookView[]>
  /** Throws WEBHOOK_NOT_FOUND, as all below. */
  show(id: Id): Promise<WebhookView>
  update(actor: string, id: Id, changes: WebhookChanges): Promise<Webhook>
  /** A new secret; the old one signs nothing any more. */
  resetSecret(actor: string, id: Id): Promise<Secret>
  remove(actor: string, id: Id): Promise<void>
  /** Puts a happening of type `test` into its queue. */
  test(id: Id): Promise<void>
  deliveries(id: Id, options: { limit: number; before?: number | undefined }): Promise<Delivery[]>
  /** Tells one thing once more. Throws DELIVERY_NOT_FOUND. */
  again(id: Id, delivery: number): Promise<void>
}

export interface WebhookAdminParts {
  store: WebhookStore
  deliveries: DeliveryStore
  secrets: SecretBox
  clock: Clock
  random: Random
  siteId: Id
  seen?: Seen | undefined
}

export function createWebhookAdmin(parts: WebhookAdminParts): WebhookAdmin {
  const { store, deliveries, secrets, clock, random, siteId, seen } = parts
  const changeOf = (
    actor: string,
    action: string,
    { id, url, types, enabled }: Omit<Webhook, 'auditFrom'>,
  ): Change => ({
    author: { actor, at: clock.now() },
    action: `webhook.${action}`,
    entity: 'webhook',
    entityId: id,
    siteId,
    after: { url: shownUrl(url), types, enabled },
    feed: [],
  })
  const find = async (id: Id): Promise<Webhook> => {
    const found = await store.find(siteId, id)
    if (found) return found
    throw new AppError('WEBHOOK_NOT_FOUND', 'there is no such webhook', { field: 'id', hint: 'webhook list shows all' })
  }
  const viewOf = async (webhook: Webhook): Promise<WebhookView> => ({
    ...webhook,
    ...(await deliveries.counts(webhook.id)),
  })
  const sealedSecret = (id: Id): Pick<Webhook, 'sealedSecret'> & { secret: Secret } => {
    const text = SECRET_PREFIX + Buffer.from(random.bytes(SECRET_BYTES)).toString('base64')
    return { secret: new Secret(text), sealedSecret: secrets.seal(text, SEAL_CONTEXTS.webhookSecret(id)) }
  }
  const save = async (actor: string, action: string, id: Id, edit: (before: Webhook) => Webhook): Promise<Webhook> => {
    const before = await find(id)
    refuseStale(before, seen)
    const after = edit(before)
    await store.replace(after, changeOf(actor, action, after))
    return { ...after, revision: before.revision + 1 }
  }
  return {
    add: async (actor, input) => {
      if ((await store.list(siteId)).length >= MOST_WEBHOOKS) {
        throw new AppError('WEBHOOK_INVALID', `there are ${MOST_WEBHOOKS} webhooks already`, {
          hint: 'Remove one first',
        })
      }
      const id = newId(random, clock.now())
      const { secret, sealedSecret: sealed } = sealedSecret(id)
      const types = requireTypes(input.types)
      const webhook = {
        id,
        siteId,
        url: requireUrl(input.url),
        types,
        enabled: true,
        revision: 1,
        sealedSecret: sealed,
      }
      const made = { ...webhook, createdAt: clock.now() }
      return { webhook: await store.insert(made, changeOf(actor, 'add', made)), secret }
    },
    list: async () => await Promise.all((await store.list(siteId)).map(viewOf)),
    show: async (id) => await viewOf(await find(id)),
    update: (actor, id, { url, types, enabled }) =>
      save(actor, 'update', id, (before) => ({
        ...before,
        ...(url === undefined ? {} : { url: requireUrl(url) }),
        ...(types === undefined ? {} : { types: requireTypes(types) }),
        ...(enabled === undefined ? {} : { enabled }),
      })),
    resetSecret: async (actor, id) => {
      const { secret, sealedSecret: sealed } = sealedSecret(id)
      await save(actor, 'reset-secret', id, (before) => ({ ...before, sealedSecret: sealed }))
      return secret
    },
    remove: async (actor, id) => {
      const webhook = await find(id)
      refuseStale(webhook, seen)
      await store.remove(webhook, changeOf(actor, 'remove', webhook))
      await deliveries.forget(id)
    },
    test: async (id) => {
      const webhook = await find(id)
      const now = clock.now()
      const happeningId = `t${newId(random, now)}`
      const timestamp = new Date(now).toISOString()
      const body = JSON.stringify({ id: happeningId, type: 'test', timestamp, data: { webhook: webhook.id } })
      const delivery = { webhookId: id, happeningId, type: 'test', body, createdAt: now }
      await deliveries.enqueue([delivery], new Map())
    },
    deliveries: async (id, options) => await deliveries.list((await find(id)).id, options),
    again: async (id, delivery) => {
      await find(id)
      if (await deliveries.again(id, delivery, clock.now())) return
      throw new AppError('DELIVERY_NOT_FOUND', 'there is no such delivery, or it waits already', { field: 'delivery' })
    },
  }
}

function requireUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || text.length > URL_MAX || url.hash !== '') {
    throw new AppError('WEBHOOK_INVALID', `an http or https address of at most ${URL_MAX} characters is wanted`, {
      field: 'url',
    })
  }
  if (url.username !== '' || url.password !== '') {
    throw new AppError('WEBHOOK_INVALID', 'the address holds a user name or password', {
      field: 'url',
      hint: 'What is sent is signed; the receiver checks the signature instead of a password',
    })
  }
  return url.href
}

function requireTypes(given: readonly string[] = []): HappeningType[] {
  return [...new Set(given)].map((type) => {
    if ((HAPPENING_TYPES as readonly string[]).includes(type)) return type as HappeningType
    throw new AppError('WEBHOOK_INVALID', `there is nothing of type "${type.slice(0, 40)}"`, {
      field: 'types',
      hint: `One of ${HAPPENING_TYPES.join(', ')}`,
    })
  })
}

/** Without what stands behind the question mark: receivers are known to keep keys there. */
export function shownUrl(url: string): string {
  const question = url.indexOf('?')
  return question === -1 ? url : `${url.slice(0, question)}?…`
}
