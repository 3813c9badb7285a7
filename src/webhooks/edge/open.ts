import { upToDate } from '../../database/audit-log.js'
import type { Databases } from '../../database/edge/connect.js'
import { KnexAuditLog } from '../../database/edge/knex-audit-log.js'
import type { BindingChange } from '../../registrar/store.js'
import type { MayCall } from '../destination.js'
import type { HappeningFeed } from '../happening.js'
import { WebhookDeliverer, type DelivererOptions } from './deliverer.js'
import { HappeningStream } from './happening-stream.js'
import { KnexDeliveryStore } from './knex-deliveries.js'
import { KnexWebhookStore } from './knex-store.js'
import { post } from './post.js'

export interface HappeningsOptions extends Omit<DelivererOptions, 'webhooks' | 'deliveries' | 'audit' | 'post'> {
  readonly databases: Pick<Databases, 'main' | 'events'>
  readonly mayCall: MayCall
  /** Puts into the snapshot what was committed so far. */
  readonly refresh: () => Promise<void>
}

/** Tells others what happens: by webhooks, and to those who listen. */
export interface Happenings extends HappeningFeed {
  /** Somebody registered, or is registered no more. */
  registration(change: BindingChange): void
  /** The database was changed: who listens is told at once. */
  changed(): void
  /** Begins to send webhooks. */
  start(): void
  stop(): Promise<void>
}

export function openHappenings({ databases, mayCall, refresh, ...options }: HappeningsOptions): Happenings {
  const audit = upToDate(new KnexAuditLog(databases.main), refresh)
  const stream = new HappeningStream({ ...options, audit })
  const deliverer = new WebhookDeliverer({
    ...options,
    audit,
    webhooks: new KnexWebhookStore(databases.main),
    deliveries: new KnexDeliveryStore(databases.events),
    post: (what) => post(what, mayCall),
  })
  return {
    listen: (lastId, listener) => stream.listen(lastId, listener),
    registration: (change) => {
      stream.registration(change)
      deliverer.registration(change)
    },
    changed: () => stream.changed(),
    start: () => deliverer.start(),
    stop: async () => {
      await Promise.all([stream.stop(), deliverer.stop()])
    },
  }
}
