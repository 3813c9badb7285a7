import type { Knex } from 'knex'
import { parseLayerKey } from '../../database/change.js'
import { eachRow } from '../../database/edge/read-rows.js'
import {
  DEVICE_COLUMNS,
  LINE_COLUMNS,
  toDevice,
  toLine,
  type DeviceRow,
  type LineRow,
} from '../../database/edge/device-rows.js'
import {
  LINE_KEY_COLUMNS,
  toGroupKey,
  toLineKey,
  type GroupKeyRow,
  type LineKeyRow,
} from '../../database/edge/key-rows.js'
import {
  EXTENSION_COLUMNS,
  toExtension,
  toSettingValue,
  toSite,
  type ExtensionRow,
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
import { AT_ONCE, inTurns, type Turns } from '../../domain/turns.js'
import { SnapshotContent } from '../memory-snapshot.js'
import { push, type ExtensionGroupRow } from './read-records.js'
import type { LayerValues, SoftphoneRecord } from '../snapshot.js'

interface LayerRevisionRow {
  layer: Layer
  owner: string
  revision: number
}

/** Everything, as it was at the moment of change feed row `feedId`. */
export interface LoadedSnapshot {
  content: SnapshotContent
  feedId: number
}

/**
 * Reads the whole domain in one read transaction, page by page.
 * @param turns where others are to have theirs meanwhile: a busy server goes on answering
 */
export async function loadSnapshot(db: Knex, turns: Turns = AT_ONCE): Promise<LoadedSnapshot> {
  return await inReadTransaction(db, async (trx) => {
    const [newest] = (await trx('change_feed').max({ id: 'id' })) as { id: number | null }[]
    const content = new SnapshotContent()
    for (const row of (await trx('sites').select()) as SiteRow[]) content.putSite(toSite(row))
    await loadLayers(trx, content, turns)
    const keys = new Map<Id, LineKey[]>()
    const putKey = (row: LineKeyRow): void => {
      const key = toLineKey(row)
      push(keys, key.owner.id, key)
    }
    await eachRow(trx, { table: 'line_keys', columns: LINE_KEY_COLUMNS }, putKey, turns)
    const lines = new Map<Id, Line[]>()
    const putLine = (row: LineRow): void => push(lines, row.device_id, toLine(row))
    await eachRow(trx, { table: 'lines', columns: LINE_COLUMNS }, putLine, turns)
    const softphones = await loadSoftphones(trx, turns)
    const groups = await loadGroups(trx, turns)
    const putExtension = (row: ExtensionRow): void => {
      const own = softphones.get(row.id)
      // Not `{ ...extension, keys }`: of that V8 makes a hidden class for each object, which every reader pays for.
      const more = { keys: inOrder(keys.get(row.id)) }
      const inGroups = groups.get(row.id)
      const others = [own && { softphones: own }, inGroups && { groups: inGroups }]
      content.putExtension(Object.assign(toExtension(row), more, ...others))
    }
    await eachRow(trx, { table: 'extensions', columns: EXTENSION_COLUMNS }, putExtension, turns)
    const putDevice = (row: DeviceRow): void =>
      content.putDevice(
        Object.assign(toDevice(row), { lines: inOrder(lines.get(row.id)), keys: inOrder(keys.get(row.id)) }),
      )
    await eachRow(trx, { table: 'devices', columns: DEVICE_COLUMNS }, putDevice, turns)
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

async function loadSoftphones(trx: Knex, turns: Turns): Promise<ReadonlyMap<Id, SoftphoneRecord[]>> {
  const tokens = new Map<Id, SoftphoneToken[]>()
  const putToken = (row: SoftphoneTokenRow): void => {
    if (isLive(row)) push(tokens, row.softphone_id, toSoftphoneToken(row))
  }
  await eachRow(trx, { table: 'softphone_tokens', columns: SOFTPHONE_TOKEN_COLUMNS }, putToken, turns)
  const softphones = new Map<Id, SoftphoneRecord[]>()
  const putSoftphone = (row: SoftphoneRow): void =>
    push(softphones, row.extension_id, { ...toSoftphone(row), tokens: tokens.get(row.id) ?? [] })
  await eachRow(trx, { table: 'softphones', columns: SOFTPHONE_COLUMNS }, putSoftphone, turns)
  return softphones
}

async function loadGroups(trx: Knex, turns: Turns): Promise<ReadonlyMap<Id, Id[]>> {
  const rows = new Map<Id, ExtensionGroupRow[]>()
  const by = ['extension_id', 'group_id'] as const
  const putRow = (row: ExtensionGroupRow): void => push(rows, row.extension_id, row)
  await eachRow(trx, { table: 'extension_groups', columns: [...by, 'position'], by }, putRow, turns)
  const groups = new Map<Id, Id[]>()
  await inTurns(rows, turns, ([person, own]) => {
    groups.set(
      person,
      inOrder(own).map((row) => row.group_id),
    )
  })
  return groups
}

async function loadLayers(trx: Knex, content: SnapshotContent, turns: Turns): Promise<void> {
  const revisions = new Map<string, number>()
  const owner = ['layer', 'owner'] as const
  const putRevision = (row: LayerRevisionRow): void => void revisions.set(`${row.layer}:${row.owner}`, row.revision)
  await eachRow(trx, { table: 'layer_revisions', columns: [...owner, 'revision'], by: owner }, putRevision, turns)
  const rows = new Map<string, SettingRow[]>()
  const setting = [...owner, 'key'] as const
  const putSetting = (row: SettingRow): void => push(rows, `${row.layer}:${row.owner}`, row)
  await eachRow(trx, { table: 'setting_values', columns: [...setting, 'value'], by: setting }, putSetting, turns)
  const keys = new Map<Id, LineKey[]>()
  for (const key of await groupKeys(trx, {})) push(keys, key.owner.id, key)
  const putLayer = (key: string): void => {
    const { layer, owner } = parseLayerKey(key)
    const values = toValues(rows.get(key) ?? [])
    const own = layer === 'group' ? (keys.get(owner) ?? []) : []
    content.putLayer(layer, owner, { revision: revisions.get(key) ?? 0, values, ...withKeys(own) })
  }
  await inTurns(new Set([...revisions.keys(), ...rows.keys()]), turns, putLayer)
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
