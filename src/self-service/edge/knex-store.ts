import type { Knex } from 'knex'
import { inWriteTransaction, orUnusable } from '../../database/edge/write.js'
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
