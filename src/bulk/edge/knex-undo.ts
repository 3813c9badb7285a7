import type { Knex } from 'knex'
import { ALL_CHANGED } from '../../database/change.js'
import { chunks, insertInChunks, isUniqueViolation, recordChanges } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import { AppError, type Problem } from '../../domain/errors.js'
import { OWNER_LAYERS } from '../settings-change.js'
import type { StoredImport } from '../store.js'
import type { Image, Row } from './before-images.js'
import { partsOf } from './import-parts.js'
import { changedGroups, lostGroups, putBackGroups, type GroupImage } from './undo-groups.js'
import { changedUnnumbered, putBackUnnumbered, type Unnumbered } from './undo-unnumbered.js'

const CHUNK = 200
type Records = Extract<Image, { kind: 'extension' | 'device' }>
type Settings = Extract<Image, { kind: 'settings' }>
type Purged = Extract<Image, { kind: 'purged' }>

/**
 * Puts back what an import changed and takes away what it added. Throws IMPORT_NOT_UNDONE with every record that was
 * changed since, or is used by something that came since; then nothing is changed.
 */
export async function undoImport(
  trx: Knex.Transaction,
  job: StoredImport,
  by: { actor: string; at: Millis },
): Promise<void> {
  const undone = { state: 'undone', undone_at: by.at, undone_by: by.actor }
  const taken = await trx('import_jobs').where({ id: job.id, state: 'done' }).update(undone)
  if (taken !== 1) throw new AppError('IMPORT_STATE', 'only an import that is done can be undone, and only once')
  const [records, settings, purged]: [Records[], Settings[], Purged[]] = [[], [], []]
  const unnumbered: Unnumbered[] = []
  const groups: GroupImage[] = []
  for await (const images of partsOf<Image>(trx, job.id, 'undo')) {
    for (const image of images) {
      if (image.kind === 'settings') settings.push(image)
      else if (image.kind === 'purged') purged.push(image)
      else if (image.kind === 'unnumbered') unnumbered.push(image)
      else if (image.kind === 'group') groups.push(image)
      else records.push(image)
    }
  }
  refuse([
    ...(await changedSince(trx, records, settings)),
    ...(await changedUnnumbered(trx, unnumbered)),
    ...(await changedGroups(trx, groups, new Set(settings.map(({ id }) => id)))),
    ...(await lostGroups(trx, membersOf(records))),
  ])
  try {
    await putBack(trx, records, settings, purged, by.at)
    await putBackUnnumbered(trx, unnumbered)
    refuse(await putBackGroups(trx, groups, by.at))
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    refuse(['a name, number or MAC address of before was given to something else'])
  }
  await trx('import_parts').where({ job_id: job.id, kind: 'undo' }).delete()
  const change = { author: by, action: 'import.undo', entity: 'import' as const, entityId: job.id, siteId: job.siteId }
  await recordChanges(trx, [{ ...change, before: { records: records.length }, feed: [ALL_CHANGED] }])
}

/** Who is to be in which groups again. */
function membersOf(records: readonly Records[]): { who: string; groups: readonly string[] }[] {
  return records.flatMap(({ kind, label, before }) => {
    const own = kind === 'device' ? [before?.row ?? {}] : (before?.groups ?? [])
    const groups = own.flatMap(({ group_id }) => (typeof group_id === 'string' ? group_id : []))
    return groups.length === 0 ? [] : [{ who: `${kind === 'device' ? 'phone' : 'extension'} ${label}`, groups }]
  })
}

function refuse(what: readonly string[]): void {
  if (what.length === 0) return
  const shown = what.slice(0, 5).join('; ')
  const more = what.length > 5 ? `; and ${what.length - 5} more` : ''
  throw new AppError('IMPORT_NOT_UNDONE', `the import cannot be undone: ${shown}${more}`, {
    hint: 'What was changed since would be lost; change the rest by another import',
    problems: what.map((message): Problem => ({ code: 'IMPORT_NOT_UNDONE', message })),
  })
}

/** What somebody changed, or put to use, after the import; in words. */
async function changedSince(
  trx: Knex.Transaction,
  records: readonly Records[],
  settings: readonly Settings[],
): Promise<string[]> {
  const found: string[] = []
  for (const kind of ['extension', 'device'] as const) {
    const what = kind === 'extension' ? 'extension' : 'phone'
    const own = records.filter((record) => record.kind === kind)
    for (const some of chunks(own, CHUNK)) {
      const rows: { id: Id; revision: number }[] = await trx(`${kind}s`)
        .whereIn(
          'id',
          some.map(({ id }) => id),
        )
        .select('id', 'revision')
      const revisions = new Map(rows.map(({ id, revision }) => [id, revision]))
      for (const { id, label, after } of some) {
        const revision = revisions.get(id)
        if (revision === undefined) found.push(`${what} ${label} was removed since`)
        else if (revision !== after) found.push(`${what} ${label} was changed since`)
      }
    }
  }
  found.push(...(await changedSettings(trx, records, settings)))
  found.push(...(await newUses(trx, records)))
  found.push(...(await lostPeople(trx, records)))
  return [...new Set(found)]
}

async function changedSettings(
  trx: Knex.Transaction,
  records: readonly Records[],
  settings: readonly Settings[],
): Promise<string[]> {
  const expected = new Map(settings.map(({ id, after }) => [id, after]))
  // What the import added had no settings of its own but these.
  const added = records.filter(({ before }) => before === undefined)
  const owners = [...settings, ...added]
  const labels = new Map(owners.map(({ id, label }) => [id, label]))
  const found: string[] = []
  for (const some of chunks([...labels.keys()], CHUNK)) {
    const rows: { owner: Id; revision: number }[] = await trx('layer_revisions')
      .whereIn('layer', OWNER_LAYERS)
      .whereIn('owner', some)
      .select('owner', 'revision')
    for (const { owner, revision } of rows) {
      if (revision !== (expected.get(owner) ?? 0))
        found.push(`settings of ${labels.get(owner) ?? owner} were changed since`)
    }
  }
  return found
}

/** Lines of other phones and softphones that people have who would go. */
async function newUses(trx: Knex.Transaction, records: readonly Records[]): Promise<string[]> {
  const added = records.filter(({ kind, before }) => kind === 'extension' && before === undefined)
  const undoneDevices = new Set(records.filter(({ kind }) => kind === 'device').map(({ id }) => id))
  const labels = new Map(added.map(({ id, label }) => [id, label]))
  const found: string[] = []
  for (const some of chunks([...labels.keys()], CHUNK)) {
    const lines: { device_id: Id; extension_id: Id; mac: string }[] = await trx('lines')
      .join('devices', 'devices.id', 'lines.device_id')
      .whereIn('extension_id', some)
      .select('lines.device_id', 'lines.extension_id', 'devices.mac')
    for (const line of lines) {
      if (undoneDevices.has(line.device_id)) continue
      found.push(`extension ${labels.get(line.extension_id) ?? ''} is on phone ${line.mac} since`)
    }
    const softphones: Id[] = await trx('softphones').whereIn('extension_id', some).pluck('extension_id')
    for (const id of softphones) found.push(`extension ${labels.get(id) ?? ''} has a softphone since`)
  }
  return found
}

/** Phones whose old lines are those of people who are gone. */
async function lostPeople(trx: Knex.Transaction, records: readonly Records[]): Promise<string[]> {
  const found: string[] = []
  for (const some of chunks(
    records.filter(({ before }) => (before?.lines.length ?? 0) > 0),
    CHUNK,
  )) {
    const wanted = some.flatMap(({ before }) => before?.lines.map((line) => String(line.extension_id)) ?? [])
    const there = new Set(
      (await trx('extensions')
        .whereIn('id', [...new Set(wanted)])
        .pluck('id')) as Id[],
    )
    for (const { label, before } of some) {
      if (before?.lines.every((line) => there.has(String(line.extension_id)))) continue
      found.push(`somebody who was on phone ${label} was removed since`)
    }
  }
  return found
}

async function putBack(
  trx: Knex.Transaction,
  records: readonly Records[],
  settings: readonly Settings[],
  purged: readonly Purged[],
  at: Millis,
): Promise<void> {
  const of = (kind: Records['kind'], isNew: boolean): Records[] =>
    records.filter((record) => record.kind === kind && (record.before === undefined) === isNew)
  await dropSettings(trx, [...settings, ...of('extension', true), ...of('device', true)])
  await deleteById(trx, 'devices', of('device', true))
  await restore(trx, 'device', of('device', false), at)
  await deleteById(trx, 'extensions', of('extension', true))
  await restore(trx, 'extension', of('extension', false), at)
  for (const { before } of purged) {
    await trx('devices').insert(before.row)
    await insertInChunks(trx, 'lines', before.lines)
    await insertInChunks(trx, 'line_keys', before.keys)
  }
  for (const { before } of settings) await insertInChunks(trx, 'setting_values', before)
}

async function deleteById(trx: Knex.Transaction, table: string, records: readonly Records[]): Promise<void> {
  for (const some of chunks(records, CHUNK)) {
    await trx(table)
      .whereIn(
        'id',
        some.map(({ id }) => id),
      )
      .delete()
  }
}

/** Revisions go on growing: files that phones have are known by them. */
async function dropSettings(trx: Knex.Transaction, owners: readonly { id: Id }[]): Promise<void> {
  for (const some of chunks(owners, CHUNK)) {
    const ids = some.map(({ id }) => id)
    await trx('setting_values').whereIn('layer', OWNER_LAYERS).whereIn('owner', ids).delete()
    await trx('layer_revisions').whereIn('layer', OWNER_LAYERS).whereIn('owner', ids).increment('revision', 1)
  }
}

async function restore(
  trx: Knex.Transaction,
  kind: 'extension' | 'device',
  records: readonly Records[],
  at: Millis,
): Promise<void> {
  for (const some of chunks(records, 100)) {
    const ids = some.map(({ id }) => id)
    const rows = some.flatMap(({ before, after }): Row[] =>
      before ? [{ ...before.row, revision: after + 1, updated_at: at }] : [],
    )
    // What the phone told since is newer than what is put back.
    const told = ['id', 'created_at', 'last_seen_at', 'last_seen_ip', 'firmware_version']
    const columns = Object.keys(rows[0] ?? {}).filter((column) => !told.includes(column))
    await trx(`${kind}s`).insert(rows).onConflict('id').merge(columns)
    if (kind === 'device') await trx('lines').whereIn('device_id', ids).delete()
    await trx('line_keys').whereIn(`${kind}_id`, ids).delete()
    if (kind === 'extension') await trx('extension_groups').whereIn('extension_id', ids).delete()
    await insertInChunks(
      trx,
      'extension_groups',
      some.flatMap(({ before }) => before?.groups ?? []),
    )
    await insertInChunks(
      trx,
      'lines',
      some.flatMap(({ before }) => before?.lines ?? []),
    )
    await insertInChunks(
      trx,
      'line_keys',
      some.flatMap(({ before }) => before?.keys ?? []),
    )
  }
}
