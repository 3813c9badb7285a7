import type { Knex } from 'knex'
import { layerTopic, type FeedTopic } from '../../database/change.js'
import type { LineRow } from '../../database/edge/device-rows.js'
import type { LineKeyRow } from '../../database/edge/key-rows.js'
import type { ExtensionRow, SettingRow } from '../../database/edge/rows.js'
import { insertInChunks } from '../../database/edge/write.js'
import type { Extension, Id } from '../../domain/entities.js'
import type { ExtensionGroupRow } from '../../snapshot/edge/read-records.js'
import type { ExtensionRecord } from '../../snapshot/snapshot.js'
import { RESTORABLE_MS, type RemovedExtension, type Restored } from '../removed.js'
import { forwardsTo, groupKeysThatDial, growLayer, keysThatDial, Touched } from './references.js'

interface RemovedRow {
  id: Id
  site_id: Id
  number: string
  display_name: string
  removed_at: number
  removed_by: string
  content: string
}

/** Rows as they were; sealed values are bound to ids, which stay the same. */
interface Content {
  extension: ExtensionRow & { created_at: number }
  keys: LineKeyRow[]
  settings: SettingRow[]
  lines: LineRow[]
  /** Of others, that dialled or watched the number. */
  othersKeys: LineKeyRow[]
  groupKeys: Record<string, unknown>[]
  forwards: SettingRow[]
  /** Left out by those removed before people had groups. */
  groups?: ExtensionGroupRow[]
}

type Row = Record<string, unknown>

/** Keeps somebody as he is, then takes him away with all that refers to him. Returns what must be read again. */
export async function removeExtension(
  trx: Knex.Transaction,
  record: ExtensionRecord,
  by: string,
  at: number,
): Promise<FeedTopic[]> {
  const layer = { layer: 'extension', owner: record.id }
  const content = {
    extension: (await trx('extensions').where({ id: record.id }).first()) as Content['extension'],
    keys: (await trx('line_keys').where({ extension_id: record.id })) as LineKeyRow[],
    settings: (await trx('setting_values').where(layer)) as SettingRow[],
    lines: (await trx('lines').where({ extension_id: record.id })) as LineRow[],
    othersKeys: (await keysThatDial(trx, record)) as LineKeyRow[],
    groupKeys: (await groupKeysThatDial(trx, record)) as Row[],
    forwards: (await forwardsTo(trx, record)) as SettingRow[],
    groups: (await trx('extension_groups').where({ extension_id: record.id })) as ExtensionGroupRow[],
  } satisfies Content
  await purgeRemoved(trx, at)
  await trx('removed_extensions').insert({
    id: record.id,
    site_id: record.siteId,
    number: record.number,
    display_name: record.displayName,
    removed_at: at,
    removed_by: by,
    content: JSON.stringify(content),
  } satisfies RemovedRow)
  const topics = await clearUses(trx, record, at)
  await trx('setting_values').where(layer).delete()
  await growLayer(trx, 'extension', record.id)
  await trx('extensions').where({ id: record.id }).delete()
  return [...topics, layerTopic('extension', record.id)]
}

async function clearUses(trx: Knex.Transaction, extension: Extension, at: number): Promise<FeedTopic[]> {
  const touched = new Touched()
  const lines: { device_id: Id }[] = await trx('lines').where({ extension_id: extension.id }).select('device_id')
  for (const { device_id: id } of lines) touched.device(id)
  await touched.keys(keysThatDial(trx, extension), groupKeysThatDial(trx, extension))
  await touched.forwards(forwardsTo(trx, extension))
  await trx('lines').where({ extension_id: extension.id }).delete()
  await keysThatDial(trx, extension).delete()
  await groupKeysThatDial(trx, extension).delete()
  await forwardsTo(trx, extension).delete()
  return touched.grow(trx, at)
}

/** Keys and forwards of others that dial the number dial the new one. Returns what must be read again. */
export async function followNumber(
  trx: Knex.Transaction,
  before: Extension,
  number: string,
  at: number,
): Promise<FeedTopic[]> {
  const touched = new Touched()
  await touched.keys(keysThatDial(trx, before), groupKeysThatDial(trx, before))
  await touched.forwards(forwardsTo(trx, before))
  await keysThatDial(trx, before).update({ value: number })
  await groupKeysThatDial(trx, before).update({ value: number })
  await forwardsTo(trx, before).update({ value: JSON.stringify(number), updated_at: at })
  return touched.grow(trx, at)
}

/** Those who can come back, newest first. */
export async function listRemoved(db: Knex, siteId: Id, now: number): Promise<RemovedExtension[]> {
  const rows = (await db('removed_extensions')
    .where({ site_id: siteId })
    .where('removed_at', '>', now - RESTORABLE_MS)
    .orderBy([{ column: 'removed_at', order: 'desc' }, 'id'])
    .limit(1_000)
    .select('id', 'number', 'display_name', 'removed_at', 'removed_by')) as Omit<RemovedRow, 'content' | 'site_id'>[]
  return rows.map(({ id, number, display_name: displayName, removed_at: removedAt, removed_by: removedBy }) => ({
    ...{ id, number, displayName, removedAt, removedBy },
  }))
}

async function purgeRemoved(trx: Knex, now: number): Promise<void> {
  await trx('removed_extensions')
    .where('removed_at', '<=', now - RESTORABLE_MS)
    .delete()
}

/** Brings somebody back. What others have taken meanwhile stays theirs, and is told. Undefined: he is not kept. */
export async function restoreRemoved(
  trx: Knex.Transaction,
  { id, siteId, at }: { id: Id; siteId: Id; at: number },
  check: (extension: ExtensionRow) => Promise<void>,
): Promise<(Restored & { feed: FeedTopic[] }) | undefined> {
  const where = { id, site_id: siteId }
  const row = (await trx('removed_extensions').where(where).first()) as RemovedRow | undefined
  if (!row || Number(row.removed_at) <= at - RESTORABLE_MS) return undefined
  const content = JSON.parse(row.content) as Content
  const { extension } = content
  await check(extension)
  await trx('extensions').insert({ ...extension, revision: extension.revision + 1, updated_at: at })
  await insertInChunks(trx, 'line_keys', content.keys)
  await insertInChunks(trx, 'setting_values', content.settings)
  await growLayer(trx, 'extension', id)
  const touched = new Touched()
  const missing = [
    ...(await putLines(trx, content.lines, touched)),
    ...(await putKeys(trx, content, touched)),
    ...(await putForwards(trx, content.forwards, touched)),
    ...(await putGroups(trx, content.groups ?? [])),
  ]
  const feed = await touched.grow(trx, at)
  await trx('removed_extensions').where(where).delete()
  return {
    number: extension.number,
    missing,
    feed: [...feed, layerTopic('extension', id), { topic: 'extension', key: id }],
  }
}

async function putLines(trx: Knex.Transaction, lines: readonly LineRow[], touched: Touched): Promise<string[]> {
  const missing: string[] = []
  for (const line of lines) {
    const device = (await trx('devices').where({ id: line.device_id }).first('mac', 'state')) as
      { mac: string; state: string } | undefined
    const { device_id: deviceId, position, auth_username: name, site_id: siteId } = line
    const taken = (await trx('lines').where({ device_id: deviceId, position }).first('id')) as unknown
    const named = (await trx('lines').where({ site_id: siteId, auth_username: name }).first('id')) as unknown
    if (!device || device.state === 'retired' || taken !== undefined || named !== undefined) {
      missing.push(`line ${position} of ${device?.mac ?? 'a phone that is gone'}`)
    } else {
      await trx('lines').insert(line)
      touched.device(deviceId)
    }
  }
  return missing
}

async function putKeys(trx: Knex.Transaction, content: Content, touched: Touched): Promise<string[]> {
  let lost = 0
  for (const key of content.othersKeys) {
    const { extension_id: person, device_id: device, bank, position } = key
    const owner = person === null ? trx('devices').where({ id: device }) : trx('extensions').where({ id: person })
    const there = (await owner.first('id')) as unknown
    const taken = (await trx('line_keys')
      .where({ extension_id: person, device_id: device, bank, position })
      .first('id')) as unknown
    if (there === undefined || taken !== undefined) lost += 1
    else {
      await trx('line_keys').insert(key)
      if (device !== null) touched.device(device)
      if (person !== null) touched.person(person)
    }
  }
  for (const key of content.groupKeys) {
    const { group_id: group, position } = key
    const there = (await trx('device_groups')
      .where({ id: group as Id })
      .first('id')) as unknown
    const taken = (await trx('group_keys')
      .where({ group_id: group as Id, position: position as number })
      .first('id')) as unknown
    if (there === undefined || taken !== undefined) lost += 1
    else {
      await trx('group_keys').insert(key)
      touched.group(group as Id)
    }
  }
  return lost === 0 ? [] : [`${lost} key(s) of others, whose places are taken`]
}

async function putGroups(trx: Knex.Transaction, groups: readonly ExtensionGroupRow[]): Promise<string[]> {
  const ids = groups.map(({ group_id: id }) => id)
  const there = new Set((await trx('device_groups').whereIn('id', ids).pluck('id')) as Id[])
  const kept = groups.filter(({ group_id: id }) => there.has(id))
  await insertInChunks(trx, 'extension_groups', kept)
  const lost = groups.length - kept.length
  return lost === 0 ? [] : [`${lost} group(s) that are gone`]
}

async function putForwards(
  trx: Knex.Transaction,
  forwards: readonly SettingRow[],
  touched: Touched,
): Promise<string[]> {
  let lost = 0
  for (const forward of forwards) {
    const { layer, owner, key } = forward
    const taken = (await trx('setting_values').where({ layer, owner, key }).first('key')) as unknown
    if (taken !== undefined) lost += 1
    else {
      await trx('setting_values').insert(forward)
      touched.layer({ layer, owner })
    }
  }
  return lost === 0 ? [] : [`${lost} forward(s) of others, set otherwise meanwhile`]
}

/** Settings of one person for another, without those named. Sealed values are bound to their owner and stay behind. */
export async function copySettings(
  trx: Knex.Transaction,
  from: Id,
  to: Id,
  { without, at }: { without: readonly string[]; at: number },
): Promise<void> {
  const rows = (await trx('setting_values')
    .where({ layer: 'extension', owner: from })
    .whereNotIn('key', [...without])
    .whereNot('value', 'like', '"v1.%')) as SettingRow[]
  if (rows.length === 0) return
  await insertInChunks(
    trx,
    'setting_values',
    rows.map((row) => ({ ...row, owner: to, updated_at: at })),
  )
  await growLayer(trx, 'extension', to)
}
