import type { Knex } from 'knex'
import { layerTopic, type FeedTopic } from '../../database/change.js'
import { extensionRow, lineKeyRow } from '../../database/edge/rows.js'
import {
  inWriteTransaction,
  insertInChunks,
  isUniqueViolation,
  orUnusable,
  recordChanges,
} from '../../database/edge/write.js'
import type { Extension, Id } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { readExtensions } from '../../snapshot/edge/read-records.js'
import type { ExtensionRecord } from '../../snapshot/snapshot.js'
import { KINDS_THAT_DIAL } from '../keys.js'
import type { ExtensionStore, ExtensionUses, ExtensionWrites } from '../store.js'
import { extensionExists } from '../use-cases.js'

export function createKnexExtensionStore(db: Knex): ExtensionStore {
  return {
    list: (siteId) => orUnusable(readExtensions(db, (q) => q.where({ site_id: siteId }).orderBy(['number']))),
    byNumber: (siteId, number) => orUnusable(byNumber(db, siteId, number)),
    uses: (extension) => orUnusable(uses(db, extension)),
    change: (work) => orUnusable(inWriteTransaction(db, (trx) => work(writesOf(trx)))),
  }
}

function writesOf(trx: Knex.Transaction): ExtensionWrites {
  return {
    byNumber: (siteId, number) => byNumber(trx, siteId, number),
    uses: (extension) => uses(trx, extension),
    authUsernameTaken: (siteId, name) => isAuthUsernameTaken(trx, siteId, name),
    insert: async (record, change) => {
      const at = change.author.at
      try {
        await trx('extensions').insert({ ...extensionRow(record), created_at: at, updated_at: at })
      } catch (error) {
        throw isUniqueViolation(error) ? extensionExists(record.number) : error
      }
      await insertKeys(trx, record)
      await recordChanges(trx, [change])
    },
    replace: async (record, change) => {
      const row = { ...extensionRow(record), revision: record.revision + 1, updated_at: change.author.at }
      const changed = await trx('extensions').where({ id: record.id, revision: record.revision }).update(row)
      if (changed !== 1) throw revisionConflict(`extension ${record.number}`)
      await trx('line_keys').where({ extension_id: record.id }).delete()
      await insertKeys(trx, record)
      await recordChanges(trx, [change])
    },
    remove: async (record, change) => {
      const others = await clearUses(trx, record, change.author.at)
      await forgetLayer(trx, record.id)
      await trx('extensions').where({ id: record.id }).delete()
      await recordChanges(trx, [{ ...change, feed: [...change.feed, ...others, layerTopic('extension', record.id)] }])
    },
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

async function byNumber(db: Knex, siteId: Id, number: string): Promise<ExtensionRecord | undefined> {
  return (await readExtensions(db, (q) => q.where({ site_id: siteId, number })))[0]
}

function keysThatDial(db: Knex, extension: Extension): Knex.QueryBuilder {
  return db('line_keys')
    .where({ site_id: extension.siteId, value: extension.number })
    .whereIn('kind', [...KINDS_THAT_DIAL])
    .whereRaw('(extension_id is null or extension_id <> ?)', [extension.id])
}

function groupKeysThatDial(db: Knex, extension: Extension): Knex.QueryBuilder {
  return db('group_keys')
    .where({ site_id: extension.siteId, value: extension.number })
    .whereIn('kind', [...KINDS_THAT_DIAL])
}

async function uses(db: Knex, extension: Extension): Promise<ExtensionUses> {
  const lines = (await db('lines')
    .join('devices', 'devices.id', 'lines.device_id')
    .where('lines.extension_id', extension.id)
    .orderBy(['devices.mac', 'lines.position'])
    .select('devices.mac', 'lines.position')) as ExtensionUses['lines']
  const keys = (await keysThatDial(db, extension).orderBy('id').select('extension_id', 'device_id', 'position')) as {
    extension_id: Id | null
    device_id: Id | null
    position: number
  }[]
  const ofGroups = (await groupKeysThatDial(db, extension).orderBy('id').select('group_id', 'position')) as {
    group_id: Id
    position: number
  }[]
  return {
    lines,
    keys: [
      ...keys.map(({ extension_id: extensionId, device_id: deviceId, position }) => ({
        ownerKind: extensionId === null ? ('device' as const) : ('extension' as const),
        ownerId: extensionId ?? deviceId ?? '',
        position,
      })),
      ...ofGroups.map(({ group_id: ownerId, position }) => ({ ownerKind: 'group' as const, ownerId, position })),
    ],
  }
}

/** Takes the extension off phones and keys; their owners' revisions grow. Returns what must be reloaded. */
async function clearUses(trx: Knex.Transaction, extension: Extension, at: number): Promise<FeedTopic[]> {
  const lines: { device_id: Id }[] = await trx('lines').where({ extension_id: extension.id }).select('device_id')
  const keys = (await keysThatDial(trx, extension).select('extension_id', 'device_id')) as {
    extension_id: Id | null
    device_id: Id | null
  }[]
  await trx('lines').where({ extension_id: extension.id }).delete()
  await keysThatDial(trx, extension).delete()
  const groups = new Set((await groupKeysThatDial(trx, extension).pluck('group_id')) as Id[])
  await groupKeysThatDial(trx, extension).delete()
  const devices = new Set([...lines.map((row) => row.device_id), ...keys.flatMap((row) => row.device_id ?? [])])
  const extensions = new Set(keys.flatMap((row) => row.extension_id ?? []))
  for (const id of devices) await grow(trx, 'devices', id, at)
  for (const id of extensions) await grow(trx, 'extensions', id, at)
  for (const id of groups) await growGroup(trx, id, at)
  return [
    ...[...devices].map((key): FeedTopic => ({ topic: 'device', key })),
    ...[...extensions].map((key): FeedTopic => ({ topic: 'extension', key })),
    ...[...groups].map((id) => layerTopic('group', id)),
  ]
}

async function grow(trx: Knex.Transaction, table: 'devices' | 'extensions', id: Id, at: number): Promise<void> {
  await trx(table).where({ id }).increment('revision', 1).update({ updated_at: at })
}

/** After a change of its keys: the revision of its layer is part of what its phones' files are known by. */
export async function growGroup(trx: Knex.Transaction, id: Id, at: number): Promise<void> {
  await trx('device_groups').where({ id }).increment('revision', 1).update({ updated_at: at })
  const where = { layer: 'group', owner: id }
  await trx('layer_revisions')
    .insert({ ...where, revision: 0 })
    .onConflict(['layer', 'owner'])
    .ignore()
  await trx('layer_revisions').where(where).increment('revision', 1)
}

async function forgetLayer(trx: Knex.Transaction, extensionId: Id): Promise<void> {
  const where = { layer: 'extension', owner: extensionId }
  await trx('setting_values').where(where).delete()
  await trx('layer_revisions').where(where).increment('revision', 1)
}

async function insertKeys(trx: Knex.Transaction, record: ExtensionRecord): Promise<void> {
  const rows = record.keys.map((key) => lineKeyRow(key, record.siteId))
  await insertInChunks(trx, 'line_keys', rows)
}
