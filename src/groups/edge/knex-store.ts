import type { Knex } from 'knex'
import { inWriteTransaction, isUniqueViolation, orUnusable, recordChanges } from '../../database/edge/write.js'
import { AppError } from '../../domain/errors.js'
import { groupExists, type DeviceGroupView, type GroupStore } from '../use-cases.js'

export function createKnexGroupStore(db: Knex): GroupStore {
  return {
    list: (siteId) => orUnusable(list(db, siteId)),
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
          await trx('setting_values').where({ layer: 'group', owner: group.id }).delete()
          await trx('device_groups').where({ id: group.id }).delete()
          await recordChanges(trx, [change])
        }),
      ),
  }
}

async function list(db: Knex, siteId: string): Promise<DeviceGroupView[]> {
  const rows = (await db('device_groups')
    .leftJoin('devices', 'devices.group_id', 'device_groups.id')
    .where('device_groups.site_id', siteId)
    .groupBy('device_groups.id', 'device_groups.name')
    .orderBy('device_groups.name')
    .select('device_groups.id', 'device_groups.name')
    .count({ devices: 'devices.id' })) as unknown as { id: string; name: string; devices: number }[]
  return rows.map(({ id, name, devices }) => ({ id, siteId, name, devices: Number(devices) }))
}
