import type { Knex } from 'knex'
import type { Author } from '../../database/change.js'
import { deviceRow, lineRow, type DeviceRow } from '../../database/edge/device-rows.js'
import { lineKeyRow } from '../../database/edge/key-rows.js'
import { extensionRow, type ExtensionRow } from '../../database/edge/rows.js'
import {
  allOf,
  chunks,
  eachAs,
  insertRows,
  inWriteTransaction,
  orUnusable,
  recordChanges,
} from '../../database/edge/write.js'
import { deviceExists } from '../../devices/move.js'
import type { Id } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import type { Mac } from '../../domain/mac-address.js'
import { extensionGroupRows, revisionConflict } from '../../extensions/edge/knex-store.js'
import { extensionExists } from '../../extensions/draft.js'
import type { DeviceRecord, ExtensionRecord } from '../../snapshot/snapshot.js'
import type { ApplyBulk, BulkPlan, ImportNote } from '../apply.js'
import { OWNER_LAYERS, OWNER_WORDS, type SettingsChange } from '../settings-change.js'
import { keepBeforeImages } from './before-images.js'
import { changesOf } from './changes.js'
import { writeDone } from './knex-import-store.js'
import { writeGroups } from './write-groups.js'
import { writeAnswers, writeUnnumbered } from './surroundings.js'

/** 10,000 phones with people, lines and keys take a few seconds; readers and phones are not held up meanwhile. */
export function createKnexApplyBulk(db: Knex): ApplyBulk {
  return (plan, author, note) => orUnusable(inWriteTransaction(db, (trx) => new Writer(trx, author, note).apply(plan)))
}

/** What is made at one go, between two statements: some milliseconds, sealing included. */
const ROWS_AT_ONCE = 200

class Writer {
  #written = 0

  constructor(
    private readonly trx: Knex.Transaction,
    private readonly author: Author,
    private readonly note: ImportNote,
  ) {}

  async apply(plan: BulkPlan): Promise<void> {
    const { trx, author, note } = this
    await requireUnchanged(trx, 'extensions', plan.updateExtensions)
    await requireUnchanged(trx, 'devices', plan.updateDevices)
    await requireSettingsUnchanged(trx, plan.settings)
    await refuseExisting(trx, plan)
    await writeDone(trx, note)
    await keepBeforeImages(trx, note.done.id, plan)
    await this.#counting(plan.purgeDevices, () => purge(trx, plan.purgeDevices))
    // Before people, who may be in groups that are made here.
    const { putGroups = [] } = plan
    await this.#counting(putGroups, () => writeGroups(trx, putGroups, author))
    await this.#writeExtensions(plan)
    await this.#writeDevices(plan)
    await this.#writeSettings(plan)
    const { putUnnumbered = [], takeUnnumbered = [] } = plan
    await this.#counting([...putUnnumbered, ...takeUnnumbered], () => writeUnnumbered(trx, plan, author))
    await writeAnswers(trx, note.done.siteId, plan.answers ?? [], author.at)
    await refuseSharedNames(trx)
    await recordChanges(trx, changesOf(plan, author, note))
  }

  /** Counts records as they go into statements. */
  *#counted<T>(records: Iterable<T>): Generator<T> {
    for (const record of records) {
      this.#written += 1
      yield record
    }
  }

  /** Counts records that are written by themselves. */
  async #counting(records: readonly unknown[], write: () => Promise<void>): Promise<void> {
    if (records.length === 0) return
    await write()
    this.#written += records.length
    await this.note.progress(this.#written)
  }

  /** While the database writes some rows, the next ones are made. */
  async #insert(table: string, rows: Iterable<object>): Promise<void> {
    let writing: Promise<unknown> = Promise.resolve()
    try {
      for (const some of chunks(rows, ROWS_AT_ONCE)) {
        await writing
        await this.note.progress(this.#written)
        writing = insertRows(this.trx, table, some)
        // Waited for by the next round, or below.
        writing.catch(() => undefined)
      }
      await writing
    } catch (error) {
      // A statement that is still on its way must not come after the rollback.
      await Promise.allSettled([writing])
      throw error
    }
  }

  async #writeExtensions(plan: BulkPlan): Promise<void> {
    const { trx, author } = this
    const { seals } = plan
    const times = { created_at: author.at, updated_at: author.at }
    const row = (each: ExtensionRecord): ExtensionRow => extensionRow(seals?.extension(each) ?? each)
    const created = eachAs(this.#counted(plan.createExtensions), (each) => ({ ...row(each), ...times }))
    await this.#insert('extensions', created)
    await this.#update('extensions', eachAs(this.#counted(plan.updateExtensions), row))
    await deleteOwned(trx, 'line_keys', 'extension_id', plan.updateExtensions)
    await deleteOwned(trx, 'extension_groups', 'extension_id', plan.updateExtensions)
    for (const records of [plan.createExtensions, plan.updateExtensions]) {
      await this.#insertKeys(records)
      await this.#insert('extension_groups', allOf(records, extensionGroupRows))
    }
  }

  async #writeDevices(plan: BulkPlan): Promise<void> {
    const { trx, author } = this
    const { seals } = plan
    const times = { created_at: author.at, updated_at: author.at }
    const row = (each: DeviceRecord): DeviceRow => deviceRow(seals?.device(each) ?? each)
    const created = eachAs(this.#counted(plan.createDevices), (each) => ({ ...row(each), ...times }))
    await this.#insert('devices', created)
    await this.#update('devices', eachAs(this.#counted(plan.updateDevices), row))
    await deleteOwned(trx, 'lines', 'device_id', plan.updateDevices)
    await deleteOwned(trx, 'line_keys', 'device_id', plan.updateDevices)
    for (const records of [plan.createDevices, plan.updateDevices]) {
      await this.#insert(
        'lines',
        allOf(records, ({ lines, siteId }) => lines.map((line) => lineRow(seals?.line(line) ?? line, siteId))),
      )
      await this.#insertKeys(records)
    }
  }

  async #insertKeys(records: readonly (ExtensionRecord | DeviceRecord)[]): Promise<void> {
    await this.#insert(
      'line_keys',
      allOf(records, ({ siteId, keys }) => keys.map((key) => lineKeyRow(key, siteId))),
    )
  }

  /** The rows are there (requireUnchanged), so every insert turns into an update: a hundred rows a statement. */
  async #update(table: 'extensions' | 'devices', rows: Iterable<{ id: Id; revision: number }>): Promise<void> {
    const { at } = this.author
    for (const some of chunks(rows)) {
      const grown = some.map((row) => ({ ...row, revision: row.revision + 1, created_at: at, updated_at: at }))
      const columns = Object.keys(grown[0] ?? {}).filter((column) => column !== 'id' && column !== 'created_at')
      await this.trx(table).insert(grown).onConflict('id').merge(columns)
      await this.note.progress(this.#written)
    }
  }

  async #writeSettings({ settings, seals }: BulkPlan): Promise<void> {
    const { trx, author } = this
    const rows = allOf(this.#counted(settings), (change) =>
      [...(seals?.settings(change) ?? change).set].map(([key, value]) => ({
        layer: change.layer,
        owner: change.owner,
        key,
        value: JSON.stringify(value ?? null),
        updated_at: author.at,
      })),
    )
    for (const some of chunks(rows)) {
      await trx('setting_values').insert(some).onConflict(['layer', 'owner', 'key']).merge(['value', 'updated_at'])
      await this.note.progress(this.#written)
    }
    for (const { layer, owner, unset } of settings) {
      if (unset.length === 0) continue
      await trx('setting_values').where({ layer, owner }).whereIn('key', unset).delete()
    }
    await growLayers(trx, settings)
    // Those that only take values away are in no chunk above.
    await this.note.progress(this.#written)
  }
}

/** Grows the revisions of the layers; a config's cache key holds them. */
async function growLayers(trx: Knex.Transaction, settings: readonly SettingsChange[]): Promise<void> {
  for (const some of chunks(settings)) {
    const rows = some.map(({ layer, owner, revision }) => ({ layer, owner, revision: revision + 1 }))
    await trx('layer_revisions').insert(rows).onConflict(['layer', 'owner']).merge(['revision'])
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

async function requireSettingsUnchanged(trx: Knex.Transaction, settings: readonly SettingsChange[]): Promise<void> {
  for (const some of chunks(settings, 500)) {
    const owners = some.map(({ owner }) => owner)
    // An id is one owner's alone, whatever the layer.
    const rows: { owner: Id; revision: number }[] = await trx('layer_revisions')
      .whereIn('layer', OWNER_LAYERS)
      .whereIn('owner', owners)
      .select('owner', 'revision')
    const stored = new Map(rows.map(({ owner, revision }) => [owner, revision]))
    const stale = some.find(({ owner, revision }) => (stored.get(owner) ?? 0) !== revision)
    if (stale) throw revisionConflict(`${OWNER_WORDS[stale.layer]} ${stale.label}`)
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
  const purged = new Set(plan.purgeDevices.map(({ id }) => id))
  for (const some of chunks(plan.createDevices, 500)) {
    const macs = some.map(({ mac }) => mac)
    const rows: { id: Id; mac: Mac }[] = await trx('devices').whereIn('mac', macs).select('id', 'mac')
    const taken = rows.find(({ id }) => !purged.has(id))
    if (taken) throw deviceExists(taken.mac)
  }
}

async function deleteOwned(
  trx: Knex.Transaction,
  table: 'lines' | 'line_keys' | 'extension_groups',
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
  for (const table of ['lines', 'softphones']) {
    const [shared] = (await trx(table)
      .join('extensions', {
        'extensions.site_id': `${table}.site_id`,
        'extensions.auth_username': `${table}.auth_username`,
      })
      .limit(1)
      .pluck('extensions.auth_username')) as string[]
    if (shared === undefined) continue
    const what = table === 'lines' ? "a line's" : "a softphone's"
    throw new AppError('LINE_INVALID', `the user name ${shared} is both an extension's and ${what}`, { field: 'lines' })
  }
}
