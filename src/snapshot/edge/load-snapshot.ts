import type { Knex } from 'knex'
import { parseLayerKey } from '../../database/change.js'
import { eachRow } from '../../database/edge/read-rows.js'
import {
  DEVICE_COLUMNS,
  EXTENSION_COLUMNS,
  LINE_COLUMNS,
  LINE_KEY_COLUMNS,
  toDevice,
  toExtension,
  toGroupKey,
  toLine,
  toLineKey,
  toSettingValue,
  toSite,
  type DeviceRow,
  type ExtensionRow,
  type GroupKeyRow,
  type LineKeyRow,
  type LineRow,
  type SettingRow,
  type SiteRow,
} from '../../database/edge/rows.js'
import {
  isLive,
  SOFTPHONE_COLUMNS,
  SOFTPHONE_TOKEN_COLUMNS,
  toSoftphone,
  toSoftphoneToken,
  type SoftphoneRow,
  type SoftphoneTokenRow,
} from '../../database/edge/softphone-rows.js'
import { inReadTransaction } from '../../database/edge/write.js'
import type { Id, Layer, Line, LineKey, SoftphoneToken } from '../../domain/entities.js'
import { SnapshotContent } from '../memory-snapshot.js'
import { groupsByPerson, push, type ExtensionGroupRow } from './read-records.js'
import type { LayerValues, SoftphoneRecord } from '../snapshot.js'

/** Everything, as it was at the moment of change feed row `feedId`. */
export interface LoadedSnapshot {
  content: SnapshotContent
  feedId: number
}

/** Reads the whole domain in one read transaction, page by page, so that a busy server goes on answering. */
export async function loadSnapshot(db: Knex): Promise<LoadedSnapshot> {
  return await inReadTransaction(db, async (trx) => {
    const [newest] = (await trx('change_feed').max({ id: 'id' })) as { id: number | null }[]
    const content = new SnapshotContent()
    for (const row of (await trx('sites').select()) as SiteRow[]) content.putSite(toSite(row))
    await loadLayers(trx, content)
    const keys = new Map<Id, LineKey[]>()
    await eachRow<LineKeyRow>(trx, 'line_keys', LINE_KEY_COLUMNS, (row) => {
      const key = toLineKey(row)
      push(keys, key.owner.id, key)
    })
    const lines = new Map<Id, Line[]>()
    await eachRow<LineRow>(trx, 'lines', LINE_COLUMNS, (row) => push(lines, row.device_id, toLine(row)))
    const softphones = await loadSoftphones(trx)
    const groups = groupsByPerson((await trx('extension_groups').orderBy('position')) as ExtensionGroupRow[])
    await eachRow<ExtensionRow>(trx, 'extensions', EXTENSION_COLUMNS, (row) => {
      const own = softphones.get(row.id)
      // Not `{ ...extension, keys }`: of that V8 makes a hidden class for each object, which every reader pays for.
      const more = { keys: inOrder(keys.get(row.id)) }
      const inGroups = groups.get(row.id)
      const others = [own && { softphones: own }, inGroups && { groups: inGroups }]
      content.putExtension(Object.assign(toExtension(row), more, ...others))
    })
    await eachRow<DeviceRow>(trx, 'devices', DEVICE_COLUMNS, (row) =>
      content.putDevice(
        Object.assign(toDevice(row), { lines: inOrder(lines.get(row.id)), keys: inOrder(keys.get(row.id)) }),
      ),
    )
    return { content, feedId: newest?.id ?? 0 }
  })
}

/** The values of one layer owner as they are now. */
export async function readLayer(db: Knex, layer: Layer, owner: string): Promise<LayerValues> {
  return await inReadTransaction(db, async (trx) => {
    const revision = (await trx('layer_revisions').where({ layer, owner }).first('revision')) as
      { revision: number } | undefined
    const rows: SettingRow[] = await trx('setting_values').where({ layer, owner }).orderBy('key')
    const keys = layer === 'group' ? await groupKeys(trx, { group_id: owner }) : []
    return { revision: revision?.revision ?? 0, values: toValues(rows), ...withKeys(keys) }
  })
}

async function loadSoftphones(trx: Knex): Promise<ReadonlyMap<Id, SoftphoneRecord[]>> {
  const tokens = new Map<Id, SoftphoneToken[]>()
  await eachRow<SoftphoneTokenRow>(trx, 'softphone_tokens', SOFTPHONE_TOKEN_COLUMNS, (row) => {
    if (isLive(row)) push(tokens, row.softphone_id, toSoftphoneToken(row))
  })
  const softphones = new Map<Id, SoftphoneRecord[]>()
  await eachRow<SoftphoneRow>(trx, 'softphones', SOFTPHONE_COLUMNS, (row) =>
    push(softphones, row.extension_id, { ...toSoftphone(row), tokens: tokens.get(row.id) ?? [] }),
  )
  return softphones
}

async function loadLayers(trx: Knex, content: SnapshotContent): Promise<void> {
  const revisions: { layer: Layer; owner: string; revision: number }[] = await trx('layer_revisions')
  const rows = new Map<string, SettingRow[]>()
  for (const row of (await trx('setting_values').orderBy(['layer', 'owner', 'key'])) as SettingRow[]) {
    push(rows, `${row.layer}:${row.owner}`, row)
  }
  const keys = new Map<Id, LineKey[]>()
  for (const key of await groupKeys(trx, {})) push(keys, key.owner.id, key)
  const known = new Map(revisions.map(({ layer, owner, revision }) => [`${layer}:${owner}`, revision]))
  for (const key of new Set([...known.keys(), ...rows.keys()])) {
    const { layer, owner } = parseLayerKey(key)
    const values = toValues(rows.get(key) ?? [])
    const own = layer === 'group' ? (keys.get(owner) ?? []) : []
    content.putLayer(layer, owner, { revision: known.get(key) ?? 0, values, ...withKeys(own) })
  }
}

/** A group that has keys has a revision of its layer: setting them lets it grow. */
async function groupKeys(trx: Knex, where: object): Promise<LineKey[]> {
  const rows: GroupKeyRow[] = await trx('group_keys').where(where).orderBy(['group_id', 'position'])
  return rows.map(toGroupKey)
}

function withKeys(keys: readonly LineKey[]): Pick<LayerValues, 'keys'> {
  return keys.length === 0 ? {} : { keys }
}

function toValues(rows: readonly SettingRow[]): ReadonlyMap<string, unknown> {
  return new Map(rows.map((row) => [row.key, toSettingValue(row).value]))
}

function inOrder<T extends { position: number; bank?: string }>(items: T[] = []): T[] {
  return items.sort((a, b) => compareText(a.bank ?? '', b.bank ?? '') || a.position - b.position)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
