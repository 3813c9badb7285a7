import type { Knex } from 'knex'
import { chunks, orUnusable } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import type { Mac } from '../../domain/mac-address.js'
import type { ResyncKind, ResyncOutcome, ResyncRequest } from '../resync.js'
import type { FinishedResync, ResyncStore } from '../store.js'

const TABLE = 'resync_requests'
const PRUNE_CHUNK = 500

interface Row {
  id: string
  device_id: string
  mac: string
  kind: string
  requested_by: string
  requested_at: number
  finished_at: number | null
  outcome: string | null
  status: number | null
  reason: string | null
  event: string | null
  sent_to: string | null
}

/** Wishes in the `resync_requests` table of the live database, SQLite or PostgreSQL. */
export class KnexResyncStore implements ResyncStore {
  constructor(private readonly db: Knex) {}

  async add(wishes: readonly ResyncRequest[], staleBefore: Millis): Promise<ResyncRequest[]> {
    return await orUnusable(
      this.db.transaction(async (trx) => {
        const now = new Map<string, ResyncRequest>()
        for (const part of chunks(wishes)) {
          const phones = part.map(({ deviceId }) => deviceId)
          const underWay = (): Knex.QueryBuilder<Row, Row[]> =>
            trx<Row>(TABLE).whereIn('device_id', phones).whereNull('finished_at') as Knex.QueryBuilder<Row, Row[]>
          const at = part[0]?.requestedAt ?? staleBefore
          await underWay().where('requested_at', '<', staleBefore).update({ finished_at: at, outcome: 'expired' })
          await trx<Row>(TABLE).insert(part.map(toRow)).onConflict().ignore()
          await underWay().where('requested_at', '>', at).update({ requested_at: at })
          for (const row of await underWay()) now.set(row.device_id, fromRow(row))
        }
        return wishes.flatMap(({ deviceId }) => now.get(deviceId) ?? [])
      }),
    )
  }

  async pending(limit: number, now?: Millis): Promise<ResyncRequest[]> {
    const query = this.db<Row>(TABLE).whereNull('finished_at').orderBy(['requested_at', 'id']).limit(limit)
    if (now !== undefined) void query.where('requested_at', '<=', now)
    return (await query).map(fromRow)
  }

  async finish(finished: readonly FinishedResync[]): Promise<void> {
    await this.db.transaction(async (trx) => {
      for (const { id, at, result } of finished) {
        const { outcome, status, reason, event, sentTo } = result
        await trx<Row>(TABLE)
          .where({ id })
          .update({
            finished_at: at,
            outcome,
            status: status ?? null,
            reason: reason ?? null,
            event: event ?? null,
            sent_to: sentTo ?? null,
          })
      }
    })
  }

  async byIds(ids: readonly Id[]): Promise<ResyncRequest[]> {
    const found = new Map<Id, ResyncRequest>()
    for (const part of chunks(ids)) {
      const rows = await orUnusable(Promise.resolve(this.db<Row>(TABLE).whereIn('id', part)))
      for (const row of rows) found.set(row.id, fromRow(row))
    }
    return ids.flatMap((id) => found.get(id) ?? [])
  }

  async ofPhone(mac: Mac, limit: number): Promise<ResyncRequest[]> {
    const newest = this.db<Row>(TABLE).where({ mac }).orderBy('requested_at', 'desc').orderBy('id', 'desc').limit(limit)
    return (await orUnusable(Promise.resolve(newest))).map(fromRow)
  }

  async prune(before: Millis): Promise<number> {
    let removed = 0
    for (;;) {
      const ids: string[] = await this.db<Row>(TABLE).where('requested_at', '<', before).limit(PRUNE_CHUNK).pluck('id')
      if (ids.length === 0) return removed
      removed += await this.db<Row>(TABLE).whereIn('id', ids).delete()
    }
  }
}

function toRow(wish: ResyncRequest): Row {
  return {
    id: wish.id,
    device_id: wish.deviceId,
    mac: wish.mac,
    kind: wish.kind,
    requested_by: wish.requestedBy,
    requested_at: wish.requestedAt,
    finished_at: wish.finishedAt ?? null,
    outcome: wish.outcome ?? null,
    status: wish.status ?? null,
    reason: wish.reason ?? null,
    event: wish.event ?? null,
    sent_to: wish.sentTo ?? null,
  }
}

function fromRow(row: Row): ResyncRequest {
  return {
    id: row.id,
    deviceId: row.device_id,
    mac: row.mac as Mac,
    kind: row.kind as ResyncKind,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    ...(row.outcome === null ? {} : { outcome: row.outcome as ResyncOutcome }),
    ...(row.status === null ? {} : { status: row.status }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.event === null ? {} : { event: row.event }),
    ...(row.sent_to === null ? {} : { sentTo: row.sent_to }),
  }
}
