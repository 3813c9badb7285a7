import type { Knex } from 'knex'
import { inWriteTransaction, orUnusable, recordChanges } from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import type { OwnAccessStore } from '../access.js'

/** Links and sessions of people in the main database, SQLite or PostgreSQL. */
export function createKnexOwnAccessStore(db: Knex): OwnAccessStore {
  return {
    addLink: async ({ tokenHash, extensionId, createdAt, expiresAt }) => {
      const row = { token_hash: tokenHash, extension_id: extensionId, created_at: createdAt, expires_at: expiresAt }
      await orUnusable(Promise.resolve(db('own_links').insert(row)))
    },
    redeem: (tokenHash, { idHash, createdAt, expiresAt }) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const link = (await trx('own_links')
            .where({ token_hash: tokenHash })
            .where('expires_at', '>', createdAt)
            .first('extension_id')) as { extension_id: Id } | undefined
          if (!link) return undefined
          await trx('own_links').where({ token_hash: tokenHash }).delete()
          const session = { id_hash: idHash, ...link, created_at: createdAt, expires_at: expiresAt }
          await trx('own_sessions').insert(session)
          return link.extension_id
        }),
      ),
    live: async (now) => {
      const read = async (table: string, column: string): Promise<[string, Id][]> => {
        const rows = (await orUnusable(
          Promise.resolve(db(table).where('expires_at', '>', now).select({ hash: column, owner: 'extension_id' })),
        )) as { hash: string; owner: Id }[]
        return rows.map(({ hash, owner }) => [hash, owner])
      }
      return new Map([...(await read('own_links', 'token_hash')), ...(await read('own_sessions', 'id_hash'))])
    },
    begin: async (extensionId, { idHash, createdAt, expiresAt }) => {
      const row = { id_hash: idHash, extension_id: extensionId, created_at: createdAt, expires_at: expiresAt }
      await orUnusable(Promise.resolve(db('own_sessions').insert(row)))
    },
    password: async (extensionId) => {
      const query = db('own_passwords').where({ extension_id: extensionId }).first('hash')
      return ((await orUnusable(Promise.resolve(query))) as { hash: string } | undefined)?.hash
    },
    setPassword: (extensionId, hash, change) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const row = { extension_id: extensionId, hash, set_at: change.author.at }
          await trx('own_passwords').insert(row).onConflict('extension_id').merge()
          await recordChanges(trx, [change])
        }),
      ),
    endOthers: async (extensionId, idHash) => {
      const own = { extension_id: extensionId }
      await orUnusable(Promise.resolve(db('own_links').where(own).delete()))
      await orUnusable(Promise.resolve(db('own_sessions').where(own).whereNot({ id_hash: idHash }).delete()))
    },
    endSession: async (idHash) => {
      await orUnusable(Promise.resolve(db('own_sessions').where({ id_hash: idHash }).delete()))
    },
    endAll: async (extensionId) => {
      await orUnusable(Promise.resolve(db('own_links').where({ extension_id: extensionId }).delete()))
      await orUnusable(Promise.resolve(db('own_sessions').where({ extension_id: extensionId }).delete()))
    },
    prune: async (now) => {
      await db('own_links').where('expires_at', '<', now).delete()
      await db('own_sessions').where('expires_at', '<', now).delete()
    },
  }
}
