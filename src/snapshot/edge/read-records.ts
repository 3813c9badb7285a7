import type { Knex } from 'knex'
import type { Id } from '../../domain/entities.js'
import { toDevice, toLine, type DeviceRow, type LineRow } from '../../database/edge/device-rows.js'
import { toLineKey, type LineKeyRow } from '../../database/edge/key-rows.js'
import { toExtension, type ExtensionRow } from '../../database/edge/rows.js'
import {
  isLive,
  toSoftphone,
  toSoftphoneToken,
  type SoftphoneRow,
  type SoftphoneTokenRow,
} from '../../database/edge/softphone-rows.js'
import { chunks } from '../../database/edge/write.js'
import type { DeviceRecord, ExtensionRecord, SoftphoneRecord } from '../snapshot.js'

/** Owners whose rows are read in one query: the driver makes the rows of each at one go, and phones wait for it. */
const AT_ONCE = 50

/** Extensions with their keys. `select` narrows the query on `extensions`. */
export async function readExtensions(
  db: Knex,
  select: (query: Knex.QueryBuilder) => Knex.QueryBuilder,
): Promise<ExtensionRecord[]> {
  const rows: ExtensionRow[] = await select(db('extensions').select('extensions.*'))
  const ids = rows.map(({ id }) => id)
  const keys = groupBy(await readByOwner<LineKeyRow>(db, 'line_keys', 'extension_id', ids), (row) => row.extension_id)
  const softphones = await readSoftphones(db, ids)
  const groups = await readGroups(db, ids)
  return rows.map((row) => {
    const own = softphones.get(row.id)
    // As in load-snapshot: one hidden class for all.
    const more = { keys: (keys.get(row.id) ?? []).map(toLineKey) }
    const inGroups = groups.get(row.id)
    return Object.assign(toExtension(row), more, own && { softphones: own }, inGroups && { groups: inGroups })
  })
}

/** That a person is in a group. */
export interface ExtensionGroupRow {
  extension_id: Id
  group_id: Id
  position: number
}

/** Groups of each person who is in any, in the order of the rows. */
function groupsByPerson(rows: readonly ExtensionGroupRow[]): ReadonlyMap<Id, Id[]> {
  const found = new Map<Id, Id[]>()
  for (const { extension_id: person, group_id: group } of rows) push(found, person, group)
  return found
}

async function readGroups(db: Knex, extensionIds: readonly Id[]): Promise<ReadonlyMap<Id, Id[]>> {
  const ofSome = (some: readonly Id[]) => db('extension_groups').whereIn('extension_id', some).orderBy('position')
  return groupsByPerson((await inTurn(chunks(extensionIds, AT_ONCE), ofSome)).flat() as ExtensionGroupRow[])
}

async function readSoftphones(db: Knex, extensionIds: readonly Id[]): Promise<ReadonlyMap<Id, SoftphoneRecord[]>> {
  const found: SoftphoneRow[] = []
  for (const some of chunks(extensionIds, AT_ONCE)) {
    found.push(...((await db('softphones').whereIn('extension_id', some).orderBy('id')) as SoftphoneRow[]))
  }
  const tokens: SoftphoneTokenRow[] = []
  for (const some of chunks(found, AT_ONCE)) {
    const ids = some.map(({ id }) => id)
    tokens.push(...((await db('softphone_tokens').whereIn('softphone_id', ids)) as SoftphoneTokenRow[]))
  }
  const tokensOf = groupBy(tokens.filter(isLive).map(toSoftphoneToken), ({ softphoneId }) => softphoneId)
  const records = found.map((row) => ({ ...toSoftphone(row), tokens: tokensOf.get(row.id) ?? [] }))
  return groupBy(records, ({ extensionId }) => extensionId)
}

/** Devices with their lines and keys. `select` narrows the query on `devices`. */
export async function readDevices(
  db: Knex,
  select: (query: Knex.QueryBuilder) => Knex.QueryBuilder,
): Promise<DeviceRecord[]> {
  const rows: DeviceRow[] = await select(db('devices').select('devices.*'))
  const ids = rows.map(({ id }) => id)
  const lines = groupBy(await readByOwner<LineRow>(db, 'lines', 'device_id', ids), (row) => row.device_id)
  const keys = groupBy(await readByOwner<LineKeyRow>(db, 'line_keys', 'device_id', ids), (row) => row.device_id)
  return rows.map((row) =>
    Object.assign(toDevice(row), {
      lines: (lines.get(row.id) ?? []).map(toLine),
      keys: (keys.get(row.id) ?? []).map(toLineKey),
    }),
  )
}

/** Rows that hang on any of `ids`, by position. */
async function readByOwner<Row extends object>(
  db: Knex,
  table: 'lines' | 'line_keys',
  column: string,
  ids: readonly Id[],
): Promise<Row[]> {
  const order = table === 'lines' ? ['position'] : ['bank', 'position']
  const parts = await inTurn(chunks(ids, AT_ONCE), (some) => db(table).select().whereIn(column, some).orderBy(order))
  return parts.flat() as Row[]
}

async function inTurn<T, R>(items: Iterable<T>, work: (item: T) => PromiseLike<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of items) results.push(await work(item))
  return results
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) push(groups, keyOf(item), item)
  return groups
}

/** Puts a value behind those of its key. */
export function push<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key)
  if (group) group.push(value)
  else groups.set(key, [value])
}
