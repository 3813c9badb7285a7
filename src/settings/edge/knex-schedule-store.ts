import type { Knex } from 'knex'
import { inWriteTransaction, orUnusable, recordChanges } from '../../database/edge/write.js'
import type { Layer } from '../../domain/entities.js'
import type { ScheduledChange, ScheduleState, ScheduleStore } from '../schedule.js'

const TABLE = 'scheduled_changes'

interface Row {
  id: string
  site_id: string
  at: number
  layer: string
  owner: string
  owner_name: string
  key: string
  value: string | null
  resync: number
  state: string
  finished_at: number | null
  changed: number | null
  asked: number | null
  reason: string | null
  created_by: string
  created_at: number
  revision: number
}

/** Planned changes in the `scheduled_changes` table, SQLite or PostgreSQL. */
export function createKnexScheduleStore(db: Knex): ScheduleStore {
  const read = async (query: Knex.QueryBuilder<Row, Row[]>): Promise<ScheduledChange[]> =>
    ((await orUnusable(Promise.resolve(query))) as Row[]).map(fromRow)
  const rows = (): Knex.QueryBuilder<Row, Row[]> => db<Row>(TABLE) as Knex.QueryBuilder<Row, Row[]>
  return {
    add: (change, audit) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          await trx<Row>(TABLE).insert(toRow(change))
          await recordChanges(trx, [audit])
        }),
      ),
    list: async (siteId, limit) => {
      const waiting = await read(rows().where({ site_id: siteId, state: 'waiting' }).orderBy(['at', 'id']).limit(limit))
      const over = rows().where({ site_id: siteId }).whereNot({ state: 'waiting' })
      return [...waiting, ...(await read(over.orderBy('at', 'desc').orderBy('id', 'desc').limit(limit)))].slice(
        0,
        limit,
      )
    },
    show: async (siteId, id) => (await read(rows().where({ site_id: siteId, id })))[0],
    cancel: (id, at, audit) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const cancelled = await trx<Row>(TABLE)
            .where({ id, state: 'waiting' })
            .update({ state: 'cancelled', finished_at: at, revision: trx.raw('revision + 1') as unknown as number })
          if (cancelled > 0) await recordChanges(trx, [audit])
          return cancelled > 0
        }),
      ),
    due: (now) => read(rows().where({ state: 'waiting' }).where('at', '<=', now).orderBy(['at', 'id']).limit(100)),
    finish: async (id, { state, at, changed, asked, reason }) => {
      const end = { state, finished_at: at, changed: changed ?? null, asked: asked ?? null, reason: reason ?? null }
      await orUnusable(Promise.resolve(db<Row>(TABLE).where({ id, state: 'waiting' }).update(end)))
    },
  }
}

function toRow(change: ScheduledChange): Row {
  const { id, siteId, at, layer, owner, ownerName, key, value, resync, state, createdBy, createdAt, revision } = change
  return {
    ...{ id, site_id: siteId, at, layer, owner, owner_name: ownerName, key, state, revision },
    value: value === undefined ? null : JSON.stringify(value),
    resync: resync ? 1 : 0,
    ...{ finished_at: null, changed: null, asked: null, reason: null },
    ...{ created_by: createdBy, created_at: createdAt },
  }
}

function fromRow(row: Row): ScheduledChange {
  return {
    id: row.id,
    siteId: row.site_id,
    at: row.at,
    layer: row.layer as Layer,
    owner: row.owner,
    ownerName: row.owner_name,
    key: row.key,
    ...(row.value === null ? {} : { value: JSON.parse(row.value) as unknown }),
    resync: row.resync === 1,
    state: row.state as ScheduleState,
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    ...(row.changed === null ? {} : { changed: row.changed }),
    ...(row.asked === null ? {} : { asked: row.asked }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    createdBy: row.created_by,
    createdAt: row.created_at,
    revision: row.revision,
  }
}
