import type { Knex } from 'knex'
import { layerTopic, type Change } from '../../database/change.js'
import { deviceRow, lineRow } from '../../database/edge/device-rows.js'
import { lineKeyRow } from '../../database/edge/key-rows.js'
import {
  chunks,
  inWriteTransaction,
  insertInChunks,
  isUniqueViolation,
  orUnusable,
  recordChanges,
} from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import type { ExtensionNumber } from '../../domain/extension-number.js'
import type { Mac } from '../../domain/mac-address.js'
import { isAuthUsernameTaken, revisionConflict } from '../../extensions/edge/knex-store.js'
import { readDevices, readExtensions } from '../../snapshot/edge/read-records.js'
import type { DeviceRecord } from '../../snapshot/snapshot.js'
import type { DeviceReads, DeviceStore, DeviceView, DeviceWrites } from '../store.js'
import { deviceExists } from '../move.js'
import { noteSightings } from './sighting-rows.js'

export function createKnexDeviceStore(db: Knex): DeviceStore {
  return {
    ...readsOf(db),
    list: (siteId) => orUnusable(views(db, (q) => q.where({ site_id: siteId }).orderBy('mac'))),
    retiredBefore: (before) =>
      orUnusable(readDevices(db, (q) => q.where({ state: 'retired' }).where('retired_at', '<', before))),
    change: (work) => orUnusable(inWriteTransaction(db, (trx) => work(writesOf(trx)))),
    forgetFormer: (id, at) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const line = (await trx('lines').where({ id }).whereNotNull('sealed_former').first('device_id')) as
            { device_id: Id } | undefined
          if (!line) return
          await trx('lines').where({ id }).update({ sealed_former: null, former_until: null })
          await insertInChunks(trx, 'change_feed', [{ at, topic: 'device', key: line.device_id }])
        }),
      ),
    noteSightings: (sightings) => orUnusable(noteSightings(db, sightings)),
  }
}

function readsOf(db: Knex): DeviceReads {
  return {
    byMac: (mac) => orUnusable(byMac(db, mac)),
    extensionByNumber: async (siteId, number) =>
      (await orUnusable(readExtensions(db, (q) => q.where({ site_id: siteId, number }))))[0],
  }
}

async function byMac(db: Knex, mac: Mac): Promise<DeviceView | undefined> {
  return (await views(db, (q) => q.where({ mac })))[0]
}

async function views(db: Knex, select: (query: Knex.QueryBuilder) => Knex.QueryBuilder): Promise<DeviceView[]> {
  const devices = await readDevices(db, select)
  const ids = [...new Set(devices.flatMap(({ lines }) => lines.map(({ extensionId }) => extensionId)))]
  const people = new Map<Id, { number: ExtensionNumber; display_name: string }>()
  for (const some of chunks(ids, 500)) {
    const rows = (await db('extensions').whereIn('id', some).select('id', 'number', 'display_name')) as {
      id: Id
      number: ExtensionNumber
      display_name: string
    }[]
    for (const row of rows) people.set(row.id, row)
  }
  return devices.map((device) => ({
    ...device,
    lines: device.lines.map((line) => ({
      ...line,
      extension: people.get(line.extensionId)?.number ?? ('' as ExtensionNumber),
      displayName: people.get(line.extensionId)?.display_name ?? '',
    })),
  }))
}

function writesOf(trx: Knex.Transaction): DeviceWrites {
  return {
    ...readsOf(trx),
    authUsernameTaken: (siteId, name) => isAuthUsernameTaken(trx, siteId, name),
    insert: async (record, change) => {
      const at = change.author.at
      try {
        await trx('devices').insert({ ...deviceRow(record), created_at: at, updated_at: at })
      } catch (error) {
        throw isUniqueViolation(error) ? deviceExists(record.mac) : error
      }
      await insertParts(trx, record)
      await recordChanges(trx, [change])
    },
    replace: async (record, change) => {
      const row = { ...deviceRow(record), revision: record.revision + 1, updated_at: change.author.at }
      const changed = await trx('devices').where({ id: record.id, revision: record.revision }).update(row)
      if (changed !== 1) throw revisionConflict(`phone ${record.mac}`)
      await trx('lines').where({ device_id: record.id }).delete()
      await trx('line_keys').where({ device_id: record.id }).delete()
      await insertParts(trx, record)
      await recordChanges(trx, [change])
    },
    remove: async (record, change) => {
      const layers = [['device', record.id] as const, ...record.lines.map(({ id }) => ['line', id] as const)]
      for (const [layer, owner] of layers) {
        await trx('setting_values').where({ layer, owner }).delete()
        await trx('layer_revisions').where({ layer, owner }).increment('revision', 1)
      }
      await trx('devices').where({ id: record.id }).delete()
      const feed = [...change.feed, ...layers.map(([layer, owner]) => layerTopic(layer, owner))]
      await recordChanges(trx, [{ ...change, feed }])
    },
    note: (change: Change) => recordChanges(trx, [change]),
  }
}

async function insertParts(trx: Knex.Transaction, record: DeviceRecord): Promise<void> {
  const lines = record.lines.map((line) => lineRow(line, record.siteId))
  const keys = record.keys.map((key) => lineKeyRow(key, record.siteId))
  await insertInChunks(trx, 'lines', lines)
  await insertInChunks(trx, 'line_keys', keys)
}
