import type { Knex } from 'knex'
import type { Author, Change } from '../../database/change.js'
import { deviceRow, extensionRow, lineKeyRow, lineRow } from '../../database/edge/rows.js'
import {
  allOf,
  chunks,
  eachAs,
  inWriteTransaction,
  insertInChunks,
  orUnusable,
  recordChanges,
} from '../../database/edge/write.js'
import { describeDevice } from '../../devices/draft.js'
import { deviceExists } from '../../devices/use-cases.js'
import type { Id } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import type { Mac } from '../../domain/mac-address.js'
import { revisionConflict } from '../../extensions/edge/knex-store.js'
import { describeExtension, extensionExists } from '../../extensions/use-cases.js'
import type { DeviceRecord, ExtensionRecord } from '../../snapshot/snapshot.js'
import type { ApplyBulk, BulkPlan } from '../apply.js'

/** 10,000 phones with people, lines and keys take a few seconds; readers and phones are not held up meanwhile. */
export function createKnexApplyBulk(db: Knex): ApplyBulk {
  return (plan, author) => orUnusable(inWriteTransaction(db, (trx) => apply(trx, plan, author)))
}

async function apply(trx: Knex.Transaction, plan: BulkPlan, author: Author): Promise<void> {
  await purge(trx, plan.purgeDevices)
  await requireUnchanged(trx, 'extensions', plan.updateExtensions)
  await requireUnchanged(trx, 'devices', plan.updateDevices)
  await refuseExisting(trx, plan)
  await writeExtensions(trx, plan, author.at)
  await writeDevices(trx, plan, author.at)
  await refuseSharedNames(trx)
  await recordChanges(trx, changesOf(plan, author))
}

function* changesOf(plan: BulkPlan, author: Author): Generator<Change> {
  yield* eachAs(plan.purgeDevices, (device) => deviceChange(author, 'purge', device))
  yield* eachAs(plan.createExtensions, (extension) => extensionChange(author, 'add', extension))
  yield* eachAs(plan.updateExtensions, (extension) => extensionChange(author, 'update', extension))
  yield* eachAs(plan.createDevices, (device) => deviceChange(author, 'add', device))
  yield* eachAs(plan.updateDevices, (device) => deviceChange(author, 'update', device))
}

function extensionChange(author: Author, verb: string, extension: ExtensionRecord): Change {
  return {
    author,
    action: `extension.${verb}`,
    entity: 'extension',
    entityId: extension.id,
    siteId: extension.siteId,
    after: describeExtension(extension),
    feed: [{ topic: 'extension', key: extension.id }],
  }
}

function deviceChange(author: Author, verb: string, device: DeviceRecord): Change {
  return {
    author,
    action: `device.${verb}`,
    entity: 'device',
    entityId: device.id,
    siteId: device.siteId,
    ...(verb === 'purge' ? { before: describeDevice(device) } : { after: describeDevice(device) }),
    feed: [{ topic: 'device', key: device.id }],
  }
}

async function purge(trx: Knex.Transaction, devices: readonly DeviceRecord[]): Promise<void> {
  for (const some of chunks(devices)) {
    const ids = some.map(({ id }) => id)
    await trx('setting_values').where({ layer: 'device' }).whereIn('owner', ids).delete()
    await trx('layer_revisions').where({ layer: 'device' }).whereIn('owner', ids).increment('revision', 1)
    await trx('devices').whereIn('id', ids).delete()
  }
}

async function requireUnchanged(
  trx: Knex.Transaction,
  table: 'extensions' | 'devices',
  records: readonly (ExtensionRecord | DeviceRecord)[],
): Promise<void> {
  for (const some of chunks(records, 500)) {
    const ids = some.map(({ id }) => id)
    const rows: { id: Id; revision: number }[] = await trx(table).whereIn('id', ids).select('id', 'revision')
    const stored = new Map(rows.map(({ id, revision }) => [id, revision]))
    const stale = some.find(({ id, revision }) => stored.get(id) !== revision)
    if (stale) throw revisionConflict('number' in stale ? `extension ${stale.number}` : `phone ${stale.mac}`)
  }
}

async function refuseExisting(trx: Knex.Transaction, plan: BulkPlan): Promise<void> {
  for (const some of chunks(plan.createExtensions, 500)) {
    const rows: { site_id: Id; number: string }[] = await trx('extensions')
      .whereIn(
        'number',
        some.map(({ number }) => number),
      )
      .select('site_id', 'number')
    const taken = rows.find((row) => some.some((each) => each.number === row.number && each.siteId === row.site_id))
    if (taken) throw extensionExists(taken.number)
  }
  for (const some of chunks(plan.createDevices, 500)) {
    const macs = some.map(({ mac }) => mac)
    const [taken] = (await trx('devices').whereIn('mac', macs).limit(1).pluck('mac')) as Mac[]
    if (taken) throw deviceExists(taken)
  }
}

async function writeExtensions(trx: Knex.Transaction, plan: BulkPlan, at: number): Promise<void> {
  const times = { created_at: at, updated_at: at }
  const created = eachAs(plan.createExtensions, (each) => ({ ...extensionRow(each), ...times }))
  await insertInChunks(trx, 'extensions', created)
  await updateRows(trx, 'extensions', eachAs(plan.updateExtensions, extensionRow), at)
  await deleteOwned(trx, 'line_keys', 'extension_id', plan.updateExtensions)
  for (const records of [plan.createExtensions, plan.updateExtensions]) await insertKeys(trx, records)
}

async function writeDevices(trx: Knex.Transaction, plan: BulkPlan, at: number): Promise<void> {
  const times = { created_at: at, updated_at: at }
  await insertInChunks(
    trx,
    'devices',
    eachAs(plan.createDevices, (each) => ({ ...deviceRow(each), ...times })),
  )
  await updateRows(trx, 'devices', eachAs(plan.updateDevices, deviceRow), at)
  await deleteOwned(trx, 'lines', 'device_id', plan.updateDevices)
  await deleteOwned(trx, 'line_keys', 'device_id', plan.updateDevices)
  for (const records of [plan.createDevices, plan.updateDevices]) {
    const lines = allOf(records, (device) => device.lines.map((line) => lineRow(line, device.siteId)))
    await insertInChunks(trx, 'lines', lines)
    await insertKeys(trx, records)
  }
}

async function insertKeys(trx: Knex.Transaction, records: readonly (ExtensionRecord | DeviceRecord)[]): Promise<void> {
  const rows = allOf(records, ({ siteId, keys }) => keys.map((key) => lineKeyRow(key, siteId)))
  await insertInChunks(trx, 'line_keys', rows)
}

/** The rows are there (requireUnchanged), so every insert turns into an update: a hundred rows a statement. */
async function updateRows(
  trx: Knex.Transaction,
  table: 'extensions' | 'devices',
  rows: Iterable<{ id: Id; revision: number }>,
  at: number,
): Promise<void> {
  for (const some of chunks(rows)) {
    const grown = some.map((row) => ({ ...row, revision: row.revision + 1, created_at: at, updated_at: at }))
    const columns = Object.keys(grown[0] ?? {}).filter((column) => column !== 'id' && column !== 'created_at')
    await trx(table).insert(grown).onConflict('id').merge(columns)
  }
}

async function deleteOwned(
  trx: Knex.Transaction,
  table: 'lines' | 'line_keys',
  column: 'extension_id' | 'device_id',
  owners: readonly { id: Id }[],
): Promise<void> {
  for (const some of chunks(owners, 500)) {
    await trx(table)
      .whereIn(
        column,
        some.map(({ id }) => id),
      )
      .delete()
  }
}

async function refuseSharedNames(trx: Knex.Transaction): Promise<void> {
  const [shared] = (await trx('lines')
    .join('extensions', { 'extensions.site_id': 'lines.site_id', 'extensions.auth_username': 'lines.auth_username' })
    .limit(1)
    .pluck('lines.auth_username')) as string[]
  if (shared !== undefined) {
    throw new AppError('LINE_INVALID', `the user name ${shared} is both an extension's and a line's`, {
      field: 'lines',
    })
  }
}
