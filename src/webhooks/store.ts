import type { Change } from '../database/change.js'
import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { Sealed } from '../domain/secret.js'
import type { HappeningType } from './happening.js'

/** Somebody who is told by HTTP. */
export interface Webhook {
  readonly id: Id
  readonly siteId: Id
  readonly url: string
  readonly sealedSecret: Sealed
  /** What it is told; empty: everything. */
  readonly types: readonly HappeningType[]
  readonly enabled: boolean
  /** Number of the last row of the audit log that it is not told. */
  readonly auditFrom: number
  readonly revision: number
  readonly createdAt: Millis
}

/** One thing that one webhook is told, and what came of it. */
export interface Delivery {
  readonly id: number
  readonly webhookId: Id
  readonly happeningId: string
  readonly type: string
  readonly body: string
  readonly createdAt: Millis
  readonly state: 'waiting' | 'delivered' | 'given-up'
  readonly attempts: number
  readonly nextAt: Millis
  readonly finishedAt?: Millis
  /** HTTP status of the last answer. */
  readonly status?: number
  /** Why the last attempt failed. */
  readonly reason?: string
}

export type NewDelivery = Pick<Delivery, 'webhookId' | 'happeningId' | 'type' | 'body' | 'createdAt'>

/** What an attempt changes. */
export type Attempted = Pick<Delivery, 'state' | 'attempts' | 'nextAt'> &
  Partial<Pick<Delivery, 'finishedAt' | 'status' | 'reason'>>

/** Each call may throw DATABASE_UNUSABLE; writes of webhooks leave their audit row in the same transaction. */
export interface WebhookStore {
  list(siteId: Id): Promise<Webhook[]>
  /** Of all sites. */
  enabled(): Promise<Webhook[]>
  find(siteId: Id, id: Id): Promise<Webhook | undefined>
  insert(webhook: Omit<Webhook, 'auditFrom'>, change: Change): Promise<Webhook>
  /** Throws REVISION_CONFLICT. */
  replace(webhook: Webhook, change: Change): Promise<void>
  remove(webhook: Webhook, change: Change): Promise<void>
}

/** What is to be told. */
export interface DeliveryStore {
  /** How far the audit log was read for each webhook. */
  cursors(): Promise<ReadonlyMap<Id, number>>
  /** Puts deliveries into the queue and notes how far the audit log was read, both or neither. */
  enqueue(deliveries: readonly NewDelivery[], cursors: ReadonlyMap<Id, number>): Promise<void>
  /** The oldest that wait, in order. */
  waiting(webhookId: Id, limit: number): Promise<Delivery[]>
  attempted(id: number, change: Attempted): Promise<void>
  /** Newest first; `before`: only with lower numbers. */
  list(webhookId: Id, options: { limit: number; before?: number | undefined }): Promise<Delivery[]>
  /** Puts one back into the queue; false when there is none such or it waits anyway. */
  again(webhookId: Id, id: number, now: Millis): Promise<boolean>
  counts(webhookId: Id): Promise<{ waiting: number; givenUp: number }>
  /** Forgets everything about a webhook that is gone. */
  forget(webhookId: Id): Promise<void>
  /** Forgets what was over before; returns how many. */
  prune(before: Millis): Promise<number>
}
