import type { Knex } from 'knex'
import { lineKeyRow } from '../../database/edge/key-rows.js'
import { extensionRow } from '../../database/edge/rows.js'
import {
  inWriteTransaction,
  insertInChunks,
  isUniqueViolation,
  orUnusable,
  recordChanges,
} from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { readExtensions, type ExtensionGroupRow } from '../../snapshot/edge/read-records.js'
import type { ExtensionRecord } from '../../snapshot/snapshot.js'
import type { ExtensionStore, ExtensionWrites, GroupName } from '../store.js'
import { extensionExists } from '../draft.js'
import { usesOf } from './references.js'
import { copySettings, followNumber, listRemoved, removeExtension, restoreRemoved } from './removal.js'

export { growGroup } from './references.js'

export function createKnexExtensionStore(db: Knex): ExtensionStore {
  return {
    list: (siteId) => orUnusable(readExtensions(db, (q) => q.where({ site_id: siteId }).orderBy(['number']))),
    removed: (siteId, now) => orUnusable(listRemoved(db, siteId, now)),
    byNumber: (siteId, number) => orUnusable(byNumber(db, siteId, number)),
    uses: (extension) => orUnusable(usesOf(db, extension)),
    change: (work) => orUnusable(inWriteTransaction(db, (trx) => work(writesOf(trx)))),
  }
}

function writesOf(trx: Knex.Transaction): ExtensionWrites {
  return {
    byNumber: (siteId, number) => byNumber(trx, siteId, number),
    uses: (extension) => usesOf(trx, extension),
    groups: (siteId) => groupNames(trx, siteId),
    emailTaken: (siteId, email, except) => isEmailTaken(trx, siteId, email, except),
    authUsernameTaken: (siteId, name) => isAuthUsernameTaken(trx, siteId, name),
    insert: async (record, change) => {
      const at = change.author.at
      try {
        await trx('extensions').insert({ ...extensionRow(record), created_at: at, updated_at: at })
      } catch (error) {
        throw isUniqueViolation(error) ? extensionExists(record.number) : error
      }
      await insertKeys(trx, record)
      await insertInChunks(trx, 'extension_groups', extensionGroupRows(record))
      await recordChanges(trx, [change])
    },
    replace: async (record, change) => {
      const row = { ...extensionRow(record), revision: record.revision + 1, updated_at: change.author.at }
      const changed = await trx('extensions').where({ id: record.id, revision: record.revision }).update(row)
      if (changed !== 1) throw revisionConflict(`extension ${record.number}`)
      await trx('line_keys').where({ extension_id: record.id }).delete()
      await insertKeys(trx, record)
      await trx('extension_groups').where({ extension_id: record.id }).delete()
      await insertInChunks(trx, 'extension_groups', extensionGroupRows(record))
      await recordChanges(trx, [change])
    },
    remove: async (record, change) => {
      const { actor, at } = change.author
      const others = await removeExtension(trx, record, actor, at)
      await recordChanges(trx, [{ ...change, feed: [...change.feed, ...others] }])
    },
    restore: async (siteId, id, change) => {
      const { at } = change.author
      const restored = await restoreRemoved(trx, { id, siteId, at }, async ({ number, auth_username: name }) => {
        const taken = (await byNumber(trx, siteId, number)) !== undefined
        if (taken || (await isAuthUsernameTaken(trx, siteId, name))) throw extensionExists(number)
      })
      if (!restored) return undefined
      const { feed, ...told } = restored
      await recordChanges(trx, [{ ...change, after: told, feed }])
      return told
    },
    follow: (extension, number, at) => followNumber(trx, extension, number, at),
    copySettings: (from, to, options) => copySettings(trx, from, to, options),
    note: (change) => recordChanges(trx, [change]),
  }
}

export function revisionConflict(what: string): AppError {
  return new AppError('REVISION_CONFLICT', `${what} was changed by somebody else meanwhile`, { hint: 'Try again' })
}

/** True when a line or an extension of the site has this digest user name. */
export async function isAuthUsernameTaken(db: Knex, siteId: Id, authUsername: string): Promise<boolean> {
  const where = { site_id: siteId, auth_username: authUsername }
  const found: unknown =
    (await db('extensions').where(where).first('id')) ??
    (await db('lines').where(where).first('id')) ??
    (await db('softphones').where(where).first('id'))
  return found !== undefined
}

async function isEmailTaken(db: Knex, siteId: Id, email: string, except = ''): Promise<boolean> {
  const found: unknown = await db('extensions')
    .where({ site_id: siteId })
    .whereNot({ id: except })
    .whereRaw('lower(email) = ?', [email.toLowerCase()])
    .first('id')
  return found !== undefined
}

async function byNumber(db: Knex, siteId: Id, number: string): Promise<ExtensionRecord | undefined> {
  return (await readExtensions(db, (q) => q.where({ site_id: siteId, number })))[0]
}

async function insertKeys(trx: Knex.Transaction, record: ExtensionRecord): Promise<void> {
  const rows = record.keys.map((key) => lineKeyRow(key, record.siteId))
  await insertInChunks(trx, 'line_keys', rows)
}

async function groupNames(db: Knex, siteId: Id): Promise<GroupName[]> {
  return (await db('device_groups').where({ site_id: siteId }).orderBy('name').select('id', 'name')) as GroupName[]
}

/** Rows of the groups that a person is in, in their order. */
export function extensionGroupRows({ id, groups = [] }: ExtensionRecord): ExtensionGroupRow[] {
  return groups.map((group, index) => ({ extension_id: id, group_id: group, position: index + 1 }))
}
