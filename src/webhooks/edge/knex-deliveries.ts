import type { Knex } from 'knex'
import { insertInChunks, orUnusable } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import type { Attempted, Delivery, DeliveryStore, NewDelivery } from '../store.js'

const TABLE = 'webhook_deliveries'
const PRUNE_CHUNK = 500

interface Row {
  id: number
  webhook_id: string
  happening_id: string
  type: string
  body: string
  created_at: number
  state: Delivery['state']
  attempts: number
  next_at: number
  finished_at: number | null
  status: number | null
  reason: string | null
}

/** The queue in the live database, SQLite or PostgreSQL. */
export class KnexDeliveryStore implements DeliveryStore {
  constructor(private readonly db: Knex) {}

  async cursors(): Promise<ReadonlyMap<Id, number>> {
    const rows: { webhook_id: string; audit_id: number | string }[] = await this.db('webhook_cursors').select()
    return new Map(rows.map(({ webhook_id, audit_id }) => [webhook_id, Number(audit_id)]))
  }

  enqueue(deliveries: readonly NewDelivery[], cursors: ReadonlyMap<Id, number>): Promise<void> {
    return orUnusable(
      this.db.transaction(async (trx) => {
        const rows = deliveries.map(({ webhookId, happeningId, type, body, createdAt }) => ({
          webhook_id: webhookId,
          happening_id: happeningId,
          type,
          body,
          created_at: createdAt,
          state: 'waiting',
          attempts: 0,
          next_at: createdAt,
        }))
        await insertInChunks(trx, TABLE, rows)
        for (const [webhook_id, audit_id] of cursors) {
          await trx('webhook_cursors').insert({ webhook_id, audit_id }).onConflict('webhook_id').merge(['audit_id'])
        }
      }),
    )
  }

  async waiting(webhookId: Id, limit: number): Promise<Delivery[]> {
    const rows = await this.db<Row>(TABLE).where({ webhook_id: webhookId, state: 'waiting' }).orderBy('id').limit(limit)
    return rows.map(fromRow)
  }

  async attempted(id: number, { state, attempts, nextAt, finishedAt, status, reason }: Attempted): Promise<void> {
    await this.db<Row>(TABLE)
      .where({ id })
      .update({
        state,
        attempts,
        next_at: nextAt,
        finished_at: finishedAt ?? null,
        status: status ?? null,
        reason: reason ?? null,
      })
  }

  async list(webhookId: Id, { limit, before }: { limit: number; before?: number | undefined }): Promise<Delivery[]> {
    const query = this.db<Row>(TABLE).where({ webhook_id: webhookId }).orderBy('id', 'desc').limit(limit)
    if (before !== undefined) void query.where('id', '<', before)
    return (await orUnusable(Promise.resolve(query))).map(fromRow)
  }

  async again(webhookId: Id, id: number, now: Millis): Promise<boolean> {
    const changed = await orUnusable(
      Promise.resolve(
        this.db<Row>(TABLE)
          .where({ webhook_id: webhookId, id })
          .whereNot('state', 'waiting')
          .update({ state: 'waiting', attempts: 0, next_at: now, finished_at: null }),
      ),
    )
    return changed === 1
  }

  async counts(webhookId: Id): Promise<{ waiting: number; givenUp: number }> {
    const query = this.db(TABLE).where({ webhook_id: webhookId }).groupBy('state').select('state').count({ n: 'id' })
    const rows = (await orUnusable(Promise.resolve(query))) as unknown as { state: string; n: number | string }[]
    const count = (state: string): number => Number(rows.find((row) => row.state === state)?.n ?? 0)
    return { waiting: count('waiting'), givenUp: count('given-up') }
  }

  async forget(webhookId: Id): Promise<void> {
    await orUnusable(
      this.db.transaction(async (trx) => {
        await trx(TABLE).where({ webhook_id: webhookId }).delete()
        await trx('webhook_cursors').where({ webhook_id: webhookId }).delete()
      }),
    )
  }

  async prune(before: Millis): Promise<number> {
    const old = this.db(TABLE).whereNot('state', 'waiting').where('finished_at', '<', before)
    const ids = (await old.orderBy('id').limit(PRUNE_CHUNK).pluck('id')) as number[]
    return ids.length === 0 ? 0 : await this.db(TABLE).whereIn('id', ids).delete()
  }
}

function fromRow(row: Row): Delivery {
  return {
    id: Number(row.id),
    webhookId: row.webhook_id,
    happeningId: row.happening_id,
    type: row.type,
    body: row.body,
    createdAt: Number(row.created_at),
    state: row.state,
    attempts: row.attempts,
    nextAt: Number(row.next_at),
    ...(row.finished_at === null ? {} : { finishedAt: Number(row.finished_at) }),
    ...(row.status === null ? {} : { status: row.status }),
    ...(row.reason === null ? {} : { reason: row.reason }),
  }
}
