import type { Knex } from 'knex'
import { passed, steadyClock } from '../../domain/edge/system-clock.js'
import { AppError, systemErrorCode } from '../../domain/errors.js'
import type { AuditQuery, AuditRow } from '../audit-log.js'
import { ALL_CHANGED, type Change } from '../change.js'

/** Rows per INSERT: far below the drivers' limits on bound values (32,766) and compound selects (500). */
const CHUNK_ROWS = 100

/** More changes than this in one transaction are announced as one "everything changed". */
const FEED_ROWS_MAX = 300

/** Any number; every phoneboot of one PostgreSQL database uses the same. */
export const WRITE_LOCK = 7_409_213

/** How long a statement waits for what another connection writes, in milliseconds (SQLite). */
export const BUSY_TIMEOUT_MS = 10_000
/** How long one waits for one's turn to write: a large import writes for half a minute on a busy machine. */
const WRITE_WAIT_MS = 60_000
const LOOK_AGAIN_MS = 50

/**
 * Runs `work` in a transaction that holds the database's one write lock from its first statement on: what `work` has
 * read cannot change before it commits, and the ids of the change feed appear in order of commit. SQLite has only one
 * writer anyway (a deferred BEGIN that reads first could not be upgraded); PostgreSQL gets the same by advisory lock.
 * While somebody else holds it, the connection is free for those who read. Rejects with an outage after `waitMs`.
 */
export async function inWriteTransaction<T>(
  db: Knex,
  work: (trx: Knex.Transaction) => Promise<T>,
  waitMs = WRITE_WAIT_MS,
): Promise<T> {
  const until = steadyClock.now() + waitMs
  for (;;) {
    let isOurs = false
    try {
      return await db.transaction(async (trx) => {
        await (isPostgres(trx) ? lockPostgres(trx, waitMs) : lockSqlite(trx))
        isOurs = true
        return await work(trx)
      })
    } catch (error) {
      if (isOurs || systemErrorCode(error) !== 'SQLITE_BUSY' || steadyClock.now() >= until) throw error
    }
    await passed(LOOK_AGAIN_MS)
  }
}

/** One statement, so that it is one way to the server. */
async function lockPostgres(trx: Knex.Transaction, waitMs: number): Promise<void> {
  const [wait, lock] = [Math.max(waitMs, 1), WRITE_LOCK]
  await trx.raw(`set local lock_timeout = ${wait}; select pg_advisory_xact_lock(${lock}); set local lock_timeout = 0`)
}

/** Fails at once when another connection writes: waiting in the driver would hold up everybody who reads. */
async function lockSqlite(trx: Knex.Transaction): Promise<void> {
  await trx.raw('pragma busy_timeout = 0')
  try {
    await trx('schema_migrations').where('id', '<', 0).update({ batch: 0 })
  } finally {
    await trx.raw(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`)
  }
}

export function isPostgres(db: Knex): boolean {
  return db.client.config.client === 'pg'
}

/**
 * Runs `work` in a transaction that sees one moment of the database, however many statements it takes. Readers
 * neither wait for writers nor hold them up.
 */
export async function inReadTransaction<T>(db: Knex, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  return isPostgres(db)
    ? await db.transaction(work, { isolationLevel: 'repeatable read', readOnly: true })
    : await db.transaction(work)
}

/**
 * Writes the audit row and the change feed rows of `changes`; call it inside their own transaction. Changes are taken
 * one by one, so that a long list can be made as it is written and never stops the event loop.
 */
export async function recordChanges(trx: Knex.Transaction, changes: Iterable<Change>): Promise<void> {
  const feed = new Map<string, FeedRow>()
  await insertInChunks(trx, 'audit_log', auditRows(changes, feed))
  const at = feed.values().next().value?.at ?? 0
  await insertInChunks(trx, 'change_feed', feed.size > FEED_ROWS_MAX ? [{ at, ...ALL_CHANGED }] : [...feed.values()])
}

interface FeedRow {
  at: number
  topic: string
  key: string
}

function* auditRows(changes: Iterable<Change>, feedRows: Map<string, FeedRow>): Generator<AuditColumns> {
  for (const { author, action, entity, entityId, siteId, before, after, feed } of changes) {
    // One more than the most is enough to know that there were too many.
    for (const { topic, key } of feedRows.size > FEED_ROWS_MAX ? [] : feed) {
      feedRows.set(`${topic} ${key}`, { at: author.at, topic, key })
    }
    yield {
      at: author.at,
      actor: author.actor,
      action,
      entity,
      entity_id: entityId,
      site_id: siteId ?? null,
      before: before === undefined ? null : JSON.stringify(before),
      after: after === undefined ? null : JSON.stringify(after),
    }
  }
}

/** Rows must all have the same columns: SQLite writes NULL for one that only others have. */
export async function insertInChunks(trx: Knex, table: string, rows: Iterable<object>): Promise<void> {
  for (const chunk of chunks(rows, JSON_ROWS)) await insertRows(trx, table, chunk)
}

/** Rows that go into the database as one JSON text. */
const JSON_ROWS = 400
/** Fewer are not worth it. */
const FEW_ROWS = 20

/**
 * Inserts rows of the same columns, whose values are texts, numbers and nulls. Many go as one JSON text, which the
 * database takes apart: binding every value of every row by itself takes several times as long. SQLite gets lists of
 * values, not objects: it would look for each column by its name in the text of each row.
 */
export async function insertRows(trx: Knex, table: string, rows: readonly object[]): Promise<void> {
  if (rows.length < FEW_ROWS) {
    if (rows.length > 0) await trx(table).insert(rows)
    return
  }
  const columns = Object.keys(rows[0] ?? {})
  const names = columns.map(() => '??').join(', ')
  if (isPostgres(trx)) {
    const from = `insert into ?? (${names}) select ${names} from json_populate_recordset(null::??, ?::json)`
    await trx.raw(from, [table, ...columns, ...columns, table, JSON.stringify(rows)])
    return
  }
  const values = columns.map((_, index) => `value ->> ${index}`).join(', ')
  const lists = JSON.stringify(rows.map((row) => columns.map((name) => (row as Record<string, unknown>)[name])))
  await trx.raw(`insert into ?? (${names}) select ${values} from jsonb_each(?)`, [table, ...columns, lists])
}

/** Cuts a list into pieces of at most `size`, taking its items only as they are needed. */
export function* chunks<T>(items: Iterable<T>, size = CHUNK_ROWS): Generator<T[]> {
  let chunk: T[] = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length === size) {
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}

/** What `make` makes of each item, made only as it is needed. */
export function* eachAs<T, R>(items: Iterable<T>, make: (item: T) => R): Generator<R> {
  for (const item of items) yield make(item)
}

/** All that `make` makes of each item, in one row, made only as it is needed. */
export function* allOf<T, R>(items: Iterable<T>, make: (item: T) => Iterable<R>): Generator<R> {
  for (const item of items) yield* make(item)
}

const UNIQUE_CODES = new Set(['23505', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'])

/** True for the refusal of a duplicate by either driver. */
export function isUniqueViolation(error: unknown): boolean {
  const code = systemErrorCode(error) ?? ''
  return UNIQUE_CODES.has(code) || (code === 'SQLITE_CONSTRAINT' && /UNIQUE constraint failed/.test(String(error)))
}

/** Codes of a database that is gone, locked, full or read-only, as opposed to a mistake of ours. */
const OUTAGE =
  /^(SQLITE_(BUSY|LOCKED|CANTOPEN|READONLY|FULL|IOERR|NOTADB|CORRUPT|MISUSE)|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|57P|08|53|55P03)/

/** True when the database does not answer, cannot be written, or is damaged. */
export function isOutage(error: unknown): boolean {
  if (OUTAGE.test(systemErrorCode(error) ?? '')) return true
  return /KnexTimeoutError|Connection (terminated|ended)|Unable to acquire a connection/i.test(String(error))
}

/** Runs a statement; an outage comes out as DATABASE_UNUSABLE, whose message holds no statement and no values. */
export async function orUnusable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isOutage(error)) throw error
    const code = systemErrorCode(error) ?? 'no answer'
    throw new AppError('DATABASE_UNUSABLE', `the database does not answer or cannot be written (${code})`, {
      hint: 'Nothing was changed; try again when it is back',
    })
  }
}

/** Newest first. */
export async function readAudit(
  db: Knex,
  { siteId, entity, entityId, action, actor, from, to, before, limit }: AuditQuery,
): Promise<AuditRow[]> {
  const query = db<StoredAudit>('audit_log').orderBy('id', 'desc').limit(limit)
  if (siteId !== undefined) void query.where('site_id', siteId)
  if (entity !== undefined) void query.where('entity', entity)
  if (entityId !== undefined) void query.where('entity_id', entityId)
  if (action !== undefined) void query.where('action', action)
  if (actor !== undefined) void query.where('actor', actor)
  if (from !== undefined) void query.where('at', '>=', from)
  if (to !== undefined) void query.where('at', '<=', to)
  if (before !== undefined) void query.where('id', '<', before)
  return (await orUnusable(Promise.resolve(query))).map(toAudit)
}

/** A row of the audit log as it is stored. */
export function toAudit(row: StoredAudit): AuditRow {
  return {
    id: Number(row.id),
    at: Number(row.at),
    actor: row.actor,
    action: row.action,
    entity: row.entity,
    entityId: row.entity_id,
    ...(row.site_id === null ? {} : { siteId: row.site_id }),
    ...(row.before === null ? {} : { before: JSON.parse(row.before) as unknown }),
    ...(row.after === null ? {} : { after: JSON.parse(row.after) as unknown }),
  }
}

/** PostgreSQL gives large integers as text. */
export type StoredAudit = AuditColumns & { id: number | string }

interface AuditColumns {
  at: number
  actor: string
  action: string
  entity: string
  entity_id: string
  site_id: string | null
  before: string | null
  after: string | null
}
