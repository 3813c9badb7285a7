import type { Knex } from 'knex'
import { softphoneRow, toSoftphone, type SoftphoneRow } from '../../database/edge/softphone-rows.js'
import { chunks, inWriteTransaction, orUnusable, recordChanges } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { Id, SoftphoneToken } from '../../domain/entities.js'
import { isAuthUsernameTaken } from '../../extensions/edge/knex-store.js'
import { readExtensions } from '../../snapshot/edge/read-records.js'
import type { ExtensionRecord } from '../../snapshot/snapshot.js'
import type { KeptSoftphone, SoftphoneStore, SoftphoneWrites, TokenUse } from '../store.js'

const AGENT_LENGTH = 200

interface KeptRow extends SoftphoneRow {
  created_by: string
  created_at: Millis
  fetched_at: Millis | null
}

interface TokenRow {
  softphone_id: Id
  uses_left: number
  expires_at: Millis
  used_at: Millis | null
  used_ip: string | null
  used_agent: string | null
}

/** Softphones in the main database, SQLite or PostgreSQL. */
export function createKnexSoftphoneStore(db: Knex): SoftphoneStore {
  return {
    change: (work) => orUnusable(inWriteTransaction(db, (trx) => work(writesOf(trx)))),
    ofExtension: (extensionId) => orUnusable(read(db, (q) => q.where({ extension_id: extensionId }))),
    extensionByNumber: (siteId, number) => orUnusable(extensionByNumber(db, siteId, number)),
    softphone: async (id) => (await orUnusable(read(db, (q) => q.where({ id }))))[0],
    useToken: (use) => orUnusable(useToken(db, use)),
    prune: (before, now) => orUnusable(prune(db, before, now)),
  }
}

function writesOf(trx: Knex.Transaction): SoftphoneWrites {
  return {
    extensionByNumber: (siteId, number) => extensionByNumber(trx, siteId, number),
    authUsernameTaken: (siteId, name) => isAuthUsernameTaken(trx, siteId, name),
    softphone: async (id) => (await read(trx, (q) => q.where({ id })))[0],
    insert: async (softphone, token, change) => {
      const made = { created_by: change.author.actor, created_at: change.author.at }
      await trx('softphones').insert({ ...softphoneRow(softphone), ...made })
      await trx('softphone_tokens').insert({ ...tokenRow(token), ...made })
      await recordChanges(trx, [change])
    },
    remove: async (softphone, change) => {
      await trx('softphones').where({ id: softphone.id }).delete()
      await recordChanges(trx, [change])
    },
    endTokens: async (softphone, change) => {
      await trx('softphone_tokens').where({ softphone_id: softphone.id }).update({ uses_left: 0 })
      await recordChanges(trx, [change])
    },
  }
}

async function extensionByNumber(db: Knex, siteId: Id, number: string): Promise<ExtensionRecord | undefined> {
  return (await readExtensions(db, (q) => q.where({ site_id: siteId, number })))[0]
}

async function read(db: Knex, select: (query: Knex.QueryBuilder) => Knex.QueryBuilder): Promise<KeptSoftphone[]> {
  const rows: KeptRow[] = await select(db('softphones')).orderBy('id')
  const tokens: TokenRow[] = []
  for (const some of chunks(rows, 500)) {
    const ids = some.map(({ id }) => id)
    tokens.push(...((await db('softphone_tokens').whereIn('softphone_id', ids).orderBy('id')) as TokenRow[]))
  }
  return rows.map((row) => ({
    ...toSoftphone(row),
    createdBy: row.created_by,
    createdAt: row.created_at,
    ...(row.fetched_at === null ? {} : { fetchedAt: row.fetched_at }),
    codes: tokens
      .filter(({ softphone_id: id }) => id === row.id)
      .map((token) => ({
        usesLeft: token.uses_left,
        expiresAt: token.expires_at,
        ...(token.used_at === null ? {} : { usedAt: token.used_at }),
        ...(token.used_ip === null ? {} : { usedIp: token.used_ip }),
        ...(token.used_agent === null ? {} : { usedAgent: token.used_agent }),
      })),
  }))
}

function tokenRow(token: SoftphoneToken): object {
  const { id, softphoneId, tokenHash, usesLeft, expiresAt } = token
  return { id, softphone_id: softphoneId, token_hash: tokenHash, uses_left: usesLeft, expires_at: expiresAt }
}

/** One statement decides: of two fetches at once the last use goes to one of them. */
async function useToken(db: Knex, { tokenHash, at, ip, userAgent }: TokenUse): Promise<boolean> {
  return await inWriteTransaction(db, async (trx) => {
    const taken = await trx('softphone_tokens')
      .where({ token_hash: tokenHash })
      .where('uses_left', '>', 0)
      .where('expires_at', '>', at)
      .update({
        uses_left: trx.raw('uses_left - 1'),
        used_at: at,
        used_ip: ip,
        used_agent: userAgent?.slice(0, AGENT_LENGTH) ?? null,
      })
    if (taken !== 1) return false
    await trx('softphones')
      .whereNull('fetched_at')
      .whereIn('id', trx('softphone_tokens').where({ token_hash: tokenHash }).select('softphone_id'))
      .update({ fetched_at: at })
    await tellSpent(trx, tokenHash, at)
    return true
  })
}

/** A code without a use left is taken out of memory: whoever looks then is a stranger. */
async function tellSpent(trx: Knex.Transaction, tokenHash: string, at: Millis): Promise<void> {
  const spent = (await trx('softphones')
    .join('softphone_tokens', 'softphone_tokens.softphone_id', 'softphones.id')
    .where({ token_hash: tokenHash, uses_left: 0 })
    .first('extension_id')) as { extension_id: Id } | undefined
  if (spent) await trx('change_feed').insert({ at, topic: 'extension', key: spent.extension_id })
}

async function prune(db: Knex, before: Millis, now: Millis): Promise<number> {
  const unused: { id: Id; extension_id: Id }[] = await db('softphones')
    .whereNull('fetched_at')
    .where('created_at', '<', before)
    .whereNotExists(
      db('softphone_tokens')
        .whereRaw('softphone_tokens.softphone_id = softphones.id')
        .where('uses_left', '>', 0)
        .where('expires_at', '>', now),
    )
    .select('id', 'extension_id')
  for (const some of chunks(unused)) {
    await inWriteTransaction(db, async (trx) => {
      const ids = some.map(({ id }) => id)
      await trx('softphones').whereIn('id', ids).delete()
      const feed = some.map(({ extension_id: key }) => ({ at: now, topic: 'extension', key }))
      await trx('change_feed').insert(feed)
    })
  }
  for (;;) {
    const ids: Id[] = await db('softphone_tokens').where('expires_at', '<', before).limit(500).pluck('id')
    if (ids.length === 0) return unused.length
    await db('softphone_tokens').whereIn('id', ids).delete()
  }
}
