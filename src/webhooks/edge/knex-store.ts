import type { Knex } from 'knex'
import type { Change } from '../../database/change.js'
import { newestAudit } from '../../database/edge/knex-audit-log.js'
import { inWriteTransaction, orUnusable, recordChanges } from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import type { Sealed } from '../../domain/secret.js'
import { revisionConflict } from '../../extensions/edge/knex-store.js'
import type { HappeningType } from '../happening.js'
import type { Webhook, WebhookStore } from '../store.js'

interface Row {
  id: string
  site_id: string
  url: string
  sealed_secret: string
  types: string
  enabled: number
  audit_from: number
  revision: number
  created_at: number
}

/** The `webhooks` table of the main database, SQLite or PostgreSQL. */
export class KnexWebhookStore implements WebhookStore {
  constructor(private readonly db: Knex) {}

  list(siteId: Id): Promise<Webhook[]> {
    return this.#read({ site_id: siteId })
  }

  enabled(): Promise<Webhook[]> {
    return this.#read({ enabled: 1 })
  }

  async find(siteId: Id, id: Id): Promise<Webhook | undefined> {
    return (await this.#read({ site_id: siteId, id }))[0]
  }

  insert(webhook: Omit<Webhook, 'auditFrom'>, change: Change): Promise<Webhook> {
    return orUnusable(
      inWriteTransaction(this.db, async (trx) => {
        await recordChanges(trx, [change])
        const made = { ...webhook, auditFrom: await newestAudit(trx) }
        await trx('webhooks').insert({
          id: made.id,
          site_id: made.siteId,
          audit_from: made.auditFrom,
          created_at: made.createdAt,
          ...columnsOf(made, change),
        })
        return made
      }),
    )
  }

  replace(webhook: Webhook, change: Change): Promise<void> {
    return orUnusable(
      inWriteTransaction(this.db, async (trx) => {
        const { id, revision } = webhook
        const changed = await trx('webhooks')
          .where({ id, revision })
          .update({ ...columnsOf(webhook, change), revision: revision + 1 })
        if (changed !== 1) throw revisionConflict('webhook')
        await recordChanges(trx, [change])
      }),
    )
  }

  remove({ id }: Webhook, change: Change): Promise<void> {
    return orUnusable(
      inWriteTransaction(this.db, async (trx) => {
        await trx('webhooks').where({ id }).delete()
        await recordChanges(trx, [change])
      }),
    )
  }

  async #read(where: Partial<Row>): Promise<Webhook[]> {
    const rows: Row[] = await orUnusable(Promise.resolve(this.db('webhooks').where(where).orderBy('id')))
    return rows.map((row) => ({
      id: row.id,
      siteId: row.site_id,
      url: row.url,
      sealedSecret: row.sealed_secret as Sealed,
      types: JSON.parse(row.types) as HappeningType[],
      enabled: row.enabled === 1,
      auditFrom: Number(row.audit_from),
      revision: row.revision,
      createdAt: Number(row.created_at),
    }))
  }
}

function columnsOf({ url, sealedSecret, types, enabled }: Omit<Webhook, 'auditFrom'>, { author }: Change): object {
  return {
    url,
    sealed_secret: sealedSecret,
    types: JSON.stringify(types),
    enabled: enabled ? 1 : 0,
    updated_at: author.at,
  }
}
