import type { Knex } from 'knex'
import { inWriteTransaction, insertInChunks, orUnusable, recordChanges } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import { readExtensions } from '../../snapshot/edge/read-records.js'
import {
  LONGEST_WAIT_MS,
  type Mail,
  type MailAbout,
  type MailKind,
  type MailLanguage,
  type MailState,
} from '../mail.js'
import type { MailStore, NoticeStore } from '../store.js'

const ERROR_LENGTH = 300
const PRUNE_CHUNK = 500

interface Row {
  id: Id
  site_id: Id
  extension_id: Id | null
  kind: MailKind
  language: MailLanguage
  app: string | null
  about: string | null
  state: MailState
  attempts: number
  next_at: Millis
  address: string | null
  error: string | null
  created_by: string
  created_at: Millis
  finished_at: Millis | null
}

/** Mails in the main database, SQLite or PostgreSQL. */
export function createKnexMailStore(db: Knex): MailStore & NoticeStore {
  const first = async (where: object): Promise<Mail | undefined> => {
    const row = (await orUnusable(Promise.resolve(db('mails').where(where).first()))) as Row | undefined
    return row && fromRow(row)
  }
  return {
    extensionByNumber: async (siteId, number) =>
      (await orUnusable(readExtensions(db, (q) => q.where({ site_id: siteId, number }))))[0],
    extension: async (id) => (await orUnusable(readExtensions(db, (q) => q.where({ id }))))[0],
    peopleWithout: (siteId, kind) =>
      orUnusable(
        readExtensions(db, (q) =>
          q
            .where({ site_id: siteId, enabled: 1 })
            .whereNotNull('email')
            .whereNotExists(
              db('mails')
                .whereRaw('mails.extension_id = extensions.id')
                .where({ kind })
                .whereIn('state', ['waiting', 'sent']),
            )
            .orderBy('number'),
        ),
      ),
    add: (mails, changes) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          // One that could not be sent before is replaced by the new one.
          for (const { extensionId = null, kind } of mails) {
            await trx('mails').where({ extension_id: extensionId, kind, state: 'not-sent' }).delete()
          }
          await insertInChunks(trx, 'mails', mails.map(toRow))
          await recordChanges(trx, changes)
        }),
      ),
    list: async ({ siteId, state, number, limit }) => {
      const query = db('mails')
        .leftJoin('extensions', 'extensions.id', 'mails.extension_id')
        .where('mails.site_id', siteId)
        .orderBy('mails.created_at', 'desc')
        .orderBy('mails.id', 'desc')
        .limit(limit)
        .select('mails.*', 'extensions.number', 'extensions.display_name', 'extensions.email')
      if (state !== undefined) void query.where('mails.state', state)
      if (number !== undefined) void query.where('extensions.number', number)
      type Listed = Row & { number: string | null; display_name: string | null; email: string | null }
      const rows = (await orUnusable(Promise.resolve(query))) as Listed[]
      return rows.map((row) => ({
        ...fromRow(row),
        ...(row.number === null ? {} : { number: row.number }),
        ...(row.display_name === null ? {} : { name: row.display_name }),
        ...(row.email === null ? {} : { email: row.email }),
      }))
    },
    mail: (id) => first({ id }),
    due: async (now, limit) => {
      const rows: Row[] = await db('mails')
        .where({ state: 'waiting' })
        .where((q) => void q.where('next_at', '<=', now).orWhere('next_at', '>', now + LONGEST_WAIT_MS))
        .orderBy(['next_at', 'id'])
        .limit(limit)
      return rows.map(fromRow)
    },
    note: async (id, outcome) => {
      const row =
        outcome.state === 'waiting'
          ? { next_at: outcome.nextAt, error: outcome.error.slice(0, ERROR_LENGTH) }
          : outcome.state === 'sent'
            ? { finished_at: outcome.at, address: outcome.address, error: null }
            : { finished_at: outcome.at, error: outcome.error.slice(0, ERROR_LENGTH) }
      await db('mails')
        .where({ id })
        .update({ ...row, state: outcome.state, attempts: db.raw('attempts + 1') })
    },
    retry: (id, state, now, change) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const fresh = { state, attempts: 0, next_at: now, finished_at: null }
          await trx('mails').where({ id }).update(fresh)
          await recordChanges(trx, [change])
        }),
      ),
    prune: async (before) => {
      let removed = 0
      for (;;) {
        const ids: Id[] = await db('mails').where('finished_at', '<', before).limit(PRUNE_CHUNK).pluck('id')
        if (ids.length === 0) return removed
        removed += await db('mails').whereIn('id', ids).delete()
      }
    },
    noticedTo: async () => {
      const row: { audit_id: number | string } | undefined = await db('notice_cursor').first('audit_id')
      return Number(row?.audit_id ?? 0)
    },
    addNotices: (mails, auditId) =>
      inWriteTransaction(db, async (trx) => {
        // What cannot be sent is forgotten when what was sent is.
        const rows = mails.map((mail) => ({
          ...toRow(mail),
          finished_at: mail.state === 'not-sent' ? mail.createdAt : null,
        }))
        await insertInChunks(trx, 'mails', rows)
        if (auditId !== undefined) await trx('notice_cursor').update({ audit_id: auditId })
      }),
    lastMail: async (siteId, kind) => {
      const found = db('mails').where({ site_id: siteId, kind })
      const [newest]: (Millis | string)[] = await found.orderBy('created_at', 'desc').limit(1).pluck('created_at')
      return newest === undefined ? undefined : Number(newest)
    },
    importsAmong: async (rows) => {
      const times = [...new Set(rows.map(({ at }) => at))]
      const found: { at: number | string; actor: string }[] = await db('audit_log')
        .where({ entity: 'import', action: 'import.run' })
        .whereIn('at', times)
        .select('at', 'actor')
      return found.map(({ at, actor }) => ({ at: Number(at), actor }))
    },
  }
}

function toRow(mail: Mail): Row {
  return {
    id: mail.id,
    site_id: mail.siteId,
    extension_id: mail.extensionId ?? null,
    kind: mail.kind,
    language: mail.language,
    app: mail.app ?? null,
    about: mail.about === undefined ? null : JSON.stringify(mail.about),
    state: mail.state,
    attempts: mail.attempts,
    next_at: mail.nextAt,
    address: mail.address ?? null,
    error: mail.error ?? null,
    created_by: mail.createdBy,
    created_at: mail.createdAt,
    finished_at: mail.finishedAt ?? null,
  }
}

function fromRow(row: Row): Mail {
  return {
    id: row.id,
    siteId: row.site_id,
    ...(row.extension_id === null ? {} : { extensionId: row.extension_id }),
    kind: row.kind,
    language: row.language,
    ...(row.app === null ? {} : { app: row.app }),
    ...(row.about === null ? {} : { about: JSON.parse(row.about) as MailAbout }),
    state: row.state,
    attempts: row.attempts,
    nextAt: row.next_at,
    ...(row.address === null ? {} : { address: row.address }),
    ...(row.error === null ? {} : { error: row.error }),
    createdBy: row.created_by,
    createdAt: row.created_at,
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
  }
}
