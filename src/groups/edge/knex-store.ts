import type { Knex } from 'knex'
import { groupKeyRow, toGroupKey, type GroupKeyRow } from '../../database/edge/key-rows.js'
import {
  inWriteTransaction,
  insertInChunks,
  isUniqueViolation,
  orUnusable,
  recordChanges,
} from '../../database/edge/write.js'
import type { LineKey } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { growGroup, revisionConflict } from '../../extensions/edge/knex-store.js'
import { groupExists, type DeviceGroupView, type GroupStore } from '../use-cases.js'

export function createKnexGroupStore(db: Knex): GroupStore {
  return {
    list: (siteId) => orUnusable(list(db, siteId)),
    keys: (groupId) => orUnusable(keysOf(db, groupId)),
    setKeys: (group, change) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const { id, revision } = group
          const [stored] = (await trx('device_groups').where({ id, revision }).pluck('id')) as string[]
          if (stored === undefined) throw revisionConflict(`group ${group.name}`)
          await trx('group_keys').where({ group_id: id }).delete()
          await insertInChunks(
            trx,
            'group_keys',
            group.keys.map((key) => groupKeyRow(key, group.siteId)),
          )
          await growGroup(trx, id, change.author.at)
          await recordChanges(trx, [change])
        }),
      ),
    insert: (group, change) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const { at } = change.author
          const row = { id: group.id, site_id: group.siteId, name: group.name, created_at: at, updated_at: at }
          await trx('device_groups').insert(row)
          await recordChanges(trx, [change])
        }).catch((error: unknown) => {
          throw isUniqueViolation(error) ? groupExists(group.name) : error
        }),
      ),
    rename: ({ id, name, revision }, change) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const row = { name, revision: revision + 1, updated_at: change.author.at }
          const changed = await trx('device_groups').where({ id, revision }).update(row)
          if (changed !== 1) throw revisionConflict(`group ${name}`)
          await recordChanges(trx, [change])
        }).catch((error: unknown) => {
          throw isUniqueViolation(error) ? groupExists(name) : error
        }),
      ),
    remove: (group, change) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const [inIt] = (await trx('devices').where({ group_id: group.id }).limit(1).pluck('mac')) as string[]
          if (inIt !== undefined) {
            throw new AppError('GROUP_IN_USE', `phone ${inIt} is in the group "${group.name}"`, {
              field: 'name',
              hint: "Take its phones out first: device update <mac> --group ''",
            })
          }
          const [person] = (await trx('extension_groups')
            .where({ group_id: group.id })
            .join('extensions', 'extensions.id', 'extension_id')
            .limit(1)
            .pluck('number')) as string[]
          if (person !== undefined) {
            throw new AppError('GROUP_IN_USE', `extension ${person} is in the group "${group.name}"`, {
              field: 'name',
              hint: 'Take its people out first: extension groups <number> [group...]',
            })
          }
          await trx('setting_values').where({ layer: 'group', owner: group.id }).delete()
          await trx('device_groups').where({ id: group.id }).delete()
          await recordChanges(trx, [change])
        }),
      ),
  }
}

async function keysOf(db: Knex, groupId: string): Promise<LineKey[]> {
  const rows: GroupKeyRow[] = await db('group_keys').where({ group_id: groupId }).orderBy('position')
  return rows.map(toGroupKey)
}

async function list(db: Knex, siteId: string): Promise<DeviceGroupView[]> {
  const rows = (await db('device_groups')
    .where({ site_id: siteId })
    .orderBy('name')
    .select('id', 'name', 'revision')) as { id: string; name: string; revision: number }[]
  const devices = await membersIn(db, 'devices')
  const people = await membersIn(db, 'extension_groups')
  return rows.map(({ id, name, revision }) => {
    const members = { devices: devices.get(id) ?? 0, people: people.get(id) ?? 0 }
    return { id, siteId, name, revision, ...members }
  })
}

async function membersIn(db: Knex, table: 'devices' | 'extension_groups'): Promise<ReadonlyMap<string, number>> {
  const rows = (await db(table)
    .whereNotNull('group_id')
    .groupBy('group_id')
    .select('group_id')
    .count({ members: '*' })) as unknown as { group_id: string; members: number | string }[]
  return new Map(rows.map(({ group_id: id, members }) => [id, Number(members)]))
}
