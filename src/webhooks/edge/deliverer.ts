import type { AuditLog } from '../../database/audit-log.js'
import type { Clock } from '../../domain/clock.js'
import { Every } from '../../domain/every.js'
import type { Id } from '../../domain/entities.js'
import type { Log } from '../../observe/log.js'
import { Rounds } from '../../observe/rounds.js'
import type { BindingChange } from '../../registrar/store.js'
import { SEAL_CONTEXTS } from '../../secrets/contexts.js'
import type { SecretBox } from '../../secrets/seal.js'
import {
  happeningOfAudit,
  happeningOfBinding,
  happeningText,
  type Happening,
  type HappeningSources,
} from '../happening.js'
import { verdict, waitAfter } from '../retry.js'
import type { Attempted, Delivery, DeliveryStore, NewDelivery, Webhook, WebhookStore } from '../store.js'
import type { Post, Posted } from './post.js'

export interface DelivererOptions extends HappeningSources {
  readonly webhooks: Pick<WebhookStore, 'enabled'>
  readonly deliveries: DeliveryStore
  readonly audit: AuditLog
  readonly secrets: Pick<SecretBox, 'open'>
  readonly clock: Clock
  readonly log: Log
  siteName(id: Id): string | undefined
  post(what: Post): Promise<Posted>
  /** Days that what is over is kept; default 7. */
  readonly keepDays?: number
}

const TURN_MS = 1_000
/** Rows of the audit log, or registrations, taken at a time: a long import must not fill the memory. */
const AUDIT_ROWS = 500
/** Deliveries of one webhook taken at a time; they are told one after another, in order. */
const AT_A_TIME = 50
/** Registrations that wait to be written; a database that is gone must not fill the memory. */
const REGISTRATIONS_MAX = 20_000
/** A live database that was lost has lost its cursors too: what is older is not told again. */
const LOOK_BACK_ROWS = 1_000
const PRUNE_EVERY_MS = 3_600_000
const DAY_MS = 86_400_000

/**
 * Tells webhooks what happened: reads the audit log from where each was, puts what it wants to hear into its queue,
 * and sends the queue in order. At least once; a receiver that is gone is tried for a day and holds up nobody else.
 */
export class WebhookDeliverer {
  readonly #rounds: Rounds
  /** Webhooks whose queue is being sent. */
  readonly #busy = new Map<Id, Promise<void>>()
  /** By webhook: what came of its last attempt and could not be noted. Noted before the next one, else it would be told twice. */
  readonly #unnoted = new Map<Id, { delivery: number; attempted: Attempted }>()
  #wantsRegistrations = false
  #registrations: Happening[] = []
  #registrationCount = 0
  readonly #pruning: Every

  constructor(private readonly options: DelivererOptions) {
    this.#pruning = new Every(options.clock, PRUNE_EVERY_MS)
    this.#rounds = new Rounds(
      {
        ...{ clock: options.clock, log: options.log, everyMs: TURN_MS },
        fails: 'what webhooks are to be told cannot be read or written; it waits',
        worksAgain: 'webhooks are told again',
      },
      () => this.#work(),
    )
  }

  start(): void {
    this.#rounds.start()
  }

  /** Waits for what is being sent; the rest waits in the queue for the next start. */
  async stop(): Promise<void> {
    await this.#rounds.stop()
    await Promise.all(this.#busy.values())
  }

  /** Somebody registered or is registered no more. Costs nothing while nobody wants to be told. */
  registration(change: BindingChange): void {
    if (!this.#wantsRegistrations || this.#registrations.length >= REGISTRATIONS_MAX) return
    const { clock } = this.options
    const now = clock.now()
    this.#registrationCount += 1
    const happening = happeningOfBinding(this.options, change, `r${now}-${this.#registrationCount}`, now)
    if (happening) this.#registrations.push(happening)
  }

  async #work(): Promise<void> {
    const webhooks = await this.options.webhooks.enabled()
    this.#wantsRegistrations = webhooks.some(
      ({ types }) => types.length === 0 || types.some((type) => type.startsWith('registration.')),
    )
    if (webhooks.length > 0) {
      await this.#enqueueRegistrations(webhooks)
      await this.#enqueueAudit(webhooks)
      for (const webhook of webhooks) this.#send(webhook)
    }
    await this.#prune()
  }

  async #enqueueRegistrations(webhooks: readonly Webhook[]): Promise<void> {
    while (this.#registrations.length > 0) {
      const happenings = this.#registrations.slice(0, AUDIT_ROWS)
      const deliveries = webhooks.flatMap((webhook) => this.#deliveriesFor(webhook, happenings))
      await this.options.deliveries.enqueue(deliveries, new Map())
      this.#registrations = this.#registrations.slice(happenings.length)
    }
  }

  async #enqueueAudit(webhooks: readonly Webhook[]): Promise<void> {
    const { deliveries, audit } = this.options
    const cursors = await deliveries.cursors()
    const newest = await audit.newest()
    const positions = new Map(
      webhooks.map(({ id, auditFrom }) => [id, cursors.get(id) ?? Math.max(auditFrom, newest - LOOK_BACK_ROWS)]),
    )
    let from = Math.min(...positions.values())
    while (from < newest && !this.#rounds.stopped) {
      const rows = await audit.after(from, AUDIT_ROWS)
      const last = rows.at(-1)
      if (!last) return
      const described = rows.map((row) => ({ id: row.id, happening: happeningOfAudit(this.options, row) }))
      const told: NewDelivery[] = []
      for (const webhook of webhooks) {
        const position = positions.get(webhook.id) ?? newest
        const happenings = described.flatMap(({ id, happening }) => (id > position ? (happening ?? []) : []))
        told.push(...this.#deliveriesFor(webhook, happenings))
        positions.set(webhook.id, Math.max(position, last.id))
      }
      await deliveries.enqueue(told, positions)
      from = last.id
    }
  }

  #deliveriesFor({ id, siteId, types }: Webhook, happenings: readonly Happening[]): NewDelivery[] {
    const createdAt = this.options.clock.now()
    return happenings
      .filter((one) => (one.siteId ?? siteId) === siteId && (types.length === 0 || types.includes(one.type)))
      .map((one) => ({
        webhookId: id,
        happeningId: one.id,
        type: one.type,
        body: happeningText(one, (site) => this.options.siteName(site)),
        createdAt,
      }))
  }

  #send(webhook: Webhook): void {
    if (this.#busy.has(webhook.id)) return
    const sending = this.#sendQueue(webhook)
      .catch((error: unknown) => this.#rounds.failed(error))
      .finally(() => this.#busy.delete(webhook.id))
    this.#busy.set(webhook.id, sending)
  }

  async #sendQueue(webhook: Webhook): Promise<void> {
    const { deliveries, clock } = this.options
    await this.#note(webhook.id)
    for (;;) {
      const waiting = await deliveries.waiting(webhook.id, AT_A_TIME)
      for (const delivery of waiting) {
        // In order: what comes later waits for what is tried again.
        if (this.#rounds.stopped || delivery.nextAt > clock.now()) return
        if (!(await this.#attempt(webhook, delivery))) return
      }
      if (waiting.length < AT_A_TIME) return
    }
  }

  /** False when it has to be tried again. */
  async #attempt(webhook: Webhook, delivery: Delivery): Promise<boolean> {
    const { secrets, clock, log } = this.options
    const posted = await this.options.post({
      url: webhook.url,
      secret: secrets.open(webhook.sealedSecret, SEAL_CONTEXTS.webhookSecret(webhook.id)),
      id: delivery.happeningId,
      body: delivery.body,
      timestamp: Math.floor(clock.now() / 1_000),
    })
    const now = clock.now()
    const attempts = delivery.attempts + 1
    const result = 'status' in posted ? verdict(posted.status) : 'failed'
    const told = 'status' in posted ? { status: posted.status } : { reason: posted.reason }
    const wait = result === 'failed' ? waitAfter(attempts) : undefined
    if (wait !== undefined) {
      const attempted = { state: 'waiting' as const, attempts, nextAt: now + wait, ...told }
      await this.#note(webhook.id, { delivery: delivery.id, attempted })
      return false
    }
    const state = result === 'delivered' ? 'delivered' : 'given-up'
    if (state === 'given-up') log.warn({ webhook: webhook.id, ...told }, 'a webhook could not be told; given up')
    const attempted = { state, attempts, nextAt: now, finishedAt: now, ...told } as const
    await this.#note(webhook.id, { delivery: delivery.id, attempted })
    return true
  }

  /** Writes down what came of an attempt: of this one, or of the last one when that could not be done. */
  async #note(webhookId: Id, what = this.#unnoted.get(webhookId)): Promise<void> {
    if (!what) return
    this.#unnoted.set(webhookId, what)
    await this.options.deliveries.attempted(what.delivery, what.attempted)
    this.#unnoted.delete(webhookId)
  }

  async #prune(): Promise<void> {
    const { clock, deliveries, keepDays = 7 } = this.options
    if (!this.#pruning.isDue()) return
    while ((await deliveries.prune(clock.now() - keepDays * DAY_MS)) > 0 && !this.#rounds.stopped);
  }
}
