import type { Knex } from 'knex'
import { toSettingValue, type SettingRow } from '../../database/edge/rows.js'
import { inWriteTransaction, orUnusable, recordChanges } from '../../database/edge/write.js'
import type { Change } from '../../database/change.js'
import type { Layer } from '../../domain/entities.js'
import { refuseStale } from '../../domain/revision.js'
import type { SettingsStore } from '../store.js'

const COLUMNS = ['layer', 'owner', 'key', 'value'] as const

export function createKnexSettingsStore(db: Knex): SettingsStore {
  const read = async (where: object): Promise<ReturnType<typeof toSettingValue>[]> => {
    const rows: SettingRow[] = await db('setting_values')
      .where(where)
      .select(COLUMNS)
      .orderBy([...COLUMNS].slice(0, 3))
    return rows.map(toSettingValue)
  }
  return {
    values: (layer, owner) => orUnusable(read({ layer, owner })),
    all: () => orUnusable(read({})),
    revision: (layer, owner) => orUnusable(revisionOf(db, layer, owner)),
    set: (value, change, seen) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const { layer, owner, key } = value
          refuseStale({ id: `${layer}:${owner}`, revision: await revisionOf(trx, layer, owner) }, seen)
          const before = await current(trx, layer, owner, key)
          const made = change(before && toSettingValue(before))
          const row = { layer, owner, key, value: JSON.stringify(value.value ?? null), updated_at: made.author.at }
          await trx('setting_values').insert(row).onConflict(['layer', 'owner', 'key']).merge()
          await grow(trx, layer, owner)
          await recordChanges(trx, [made])
        }),
      ),
    setAll: ({ layer, owner }, edits, change, seen) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          refuseStale({ id: `${layer}:${owner}`, revision: await revisionOf(trx, layer, owner) }, seen)
          const changes: Change[] = []
          for (const edit of edits) {
            const { key, value } = edit
            const before = await current(trx, layer, owner, key)
            if (value === undefined && !before) continue
            const made = change(edit, before && toSettingValue(before))
            if (value === undefined) await trx('setting_values').where({ layer, owner, key }).delete()
            else {
              const row = { layer, owner, key, value: JSON.stringify(value), updated_at: made.author.at }
              await trx('setting_values').insert(row).onConflict(['layer', 'owner', 'key']).merge()
            }
            changes.push(made)
          }
          if (changes.length === 0) return
          await grow(trx, layer, owner)
          await recordChanges(trx, changes)
        }),
      ),
    unset: ({ layer, owner, key }, change, seen) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          refuseStale({ id: `${layer}:${owner}`, revision: await revisionOf(trx, layer, owner) }, seen)
          const before = await current(trx, layer, owner, key)
          if (!before) return false
          await trx('setting_values').where({ layer, owner, key }).delete()
          await grow(trx, layer, owner)
          await recordChanges(trx, [change(toSettingValue(before))])
          return true
        }),
      ),
  }
}

async function current(trx: Knex, layer: Layer, owner: string, key: string): Promise<SettingRow | undefined> {
  return (await trx('setting_values').where({ layer, owner, key }).first(COLUMNS)) as SettingRow | undefined
}

async function revisionOf(db: Knex, layer: Layer, owner: string): Promise<number> {
  const row: { revision: number } | undefined = await db('layer_revisions').where({ layer, owner }).first('revision')
  return row?.revision ?? 0
}

/** Grows the layer's revision by one; a config's cache key holds it. */
async function grow(trx: Knex.Transaction, layer: Layer, owner: string): Promise<void> {
  await trx('layer_revisions').insert({ layer, owner, revision: 0 }).onConflict(['layer', 'owner']).ignore()
  await trx('layer_revisions').where({ layer, owner }).increment('revision', 1)
}
