import type { Knex } from 'knex'
import { chunks } from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import type { DeviceRecord, ExtensionRecord } from '../../snapshot/snapshot.js'
import type { BulkPlan } from '../apply.js'
import { OWNER_LAYERS } from '../settings-change.js'
import { writePart } from './import-parts.js'

/** Records per image part, and per look into the database. */
const PART = 200

export type Row = Record<string, string | number | null>

/** What undoing takes: of what is new its id, of what was changed its rows as they were. Secrets in them are sealed. */
export type Image =
  | {
      readonly kind: 'extension' | 'device'
      readonly id: Id
      readonly label: string
      readonly after: number
      readonly before?: Before
    }
  | {
      readonly kind: 'unnumbered'
      readonly id: Id
      readonly label: string
      /** 0: gone, because of a number. */
      readonly after: number
      /** Absent: new. */
      readonly before?: Row
    }
  | {
      readonly kind: 'group'
      readonly id: Id
      readonly label: string
      readonly after: number
      /** Its keys; absent: new. */
      readonly before?: readonly Row[]
    }
  | { readonly kind: 'purged'; readonly label: string; readonly before: Before }
  | {
      readonly kind: 'settings'
      /** Id of their owner, whatever its layer. */
      readonly id: Id
      readonly label: string
      readonly after: number
      readonly before: readonly Row[]
    }

interface Before {
  readonly row: Row
  readonly lines: readonly Row[]
  readonly keys: readonly Row[]
  /** Groups of a person; left out by imports before there were any. */
  readonly groups?: readonly Row[]
}

/** Keeps, before anything is written, what the plan is going to change. */
export async function keepBeforeImages(trx: Knex.Transaction, jobId: Id, plan: BulkPlan): Promise<void> {
  let part = 0
  const keep = async (images: readonly Image[]): Promise<void> => {
    part += 1
    await writePart(trx, jobId, 'undo', part, images)
  }
  for (const some of chunks(plan.createExtensions, PART)) {
    await keep(some.map(({ id, number, revision }) => ({ kind: 'extension', id, label: number, after: revision })))
  }
  for (const some of chunks(plan.createDevices, PART)) {
    await keep(some.map(({ id, mac, revision }) => ({ kind: 'device', id, label: mac, after: revision })))
  }
  for (const some of chunks(plan.updateExtensions, PART)) await keep(await imagesOf(trx, 'extension', some))
  for (const some of chunks(plan.updateDevices, PART)) await keep(await imagesOf(trx, 'device', some))
  for (const some of chunks(plan.purgeDevices, PART)) {
    const images = await imagesOf(trx, 'device', some)
    await keep(images.flatMap(({ label, before }) => (before ? [{ kind: 'purged', label, before }] : [])))
  }
  for (const some of chunks(unnumberedOf(plan), PART)) {
    const ids = some.map(({ id }) => id)
    const rows: Row[] = await trx('people_without_number').whereIn('id', ids)
    await keep(
      some.map(({ id, label, after }) => {
        const row = rows.find((one) => one.id === id)
        return { kind: 'unnumbered', id, label, after, ...(row ? { before: row } : {}) }
      }),
    )
  }
  for (const some of chunks(plan.putGroups ?? [], PART)) {
    const ids = some.map(({ id }) => id)
    const rows: Row[] = await trx('group_keys').whereIn('group_id', ids)
    await keep(
      some.map(({ id, name: label, revision }) => {
        const before = revision === 0 ? {} : { before: rows.filter((row) => row.group_id === id) }
        return { kind: 'group', id, label, after: revision + 1, ...before }
      }),
    )
  }
  for (const some of chunks(plan.settings, PART)) {
    const owners = some.map(({ owner }) => owner)
    const rows: Row[] = await trx('setting_values').whereIn('layer', OWNER_LAYERS).whereIn('owner', owners)
    await keep(
      some.map(({ owner: id, label, revision }) => ({
        kind: 'settings',
        id,
        label,
        after: revision + 1,
        before: rows.filter((row) => row.owner === id),
      })),
    )
  }
}

function unnumberedOf({
  putUnnumbered = [],
  takeUnnumbered = [],
}: BulkPlan): { id: Id; label: string; after: number }[] {
  return [
    ...putUnnumbered.map(({ id, displayName: label, revision }) => ({ id, label, after: revision + 1 })),
    ...takeUnnumbered.map(({ id, displayName: label }) => ({ id, label, after: 0 })),
  ]
}

async function imagesOf(
  trx: Knex.Transaction,
  kind: 'extension' | 'device',
  records: readonly (ExtensionRecord | DeviceRecord)[],
): Promise<Extract<Image, { kind: 'extension' | 'device' }>[]> {
  const ids = records.map(({ id }) => id)
  const table = kind === 'extension' ? 'extensions' : 'devices'
  const rows: Row[] = await trx(table).whereIn('id', ids)
  const lines: Row[] = kind === 'device' ? await trx('lines').whereIn('device_id', ids) : []
  const keys: Row[] = await trx('line_keys').whereIn(`${kind}_id`, ids)
  const groups: Row[] = kind === 'extension' ? await trx('extension_groups').whereIn('extension_id', ids) : []
  return records.flatMap((record) => {
    const row = rows.find(({ id }) => id === record.id)
    if (!row) return []
    const own = (all: readonly Row[]): Row[] => all.filter((one) => one[`${kind}_id`] === record.id)
    return [
      {
        kind,
        id: record.id,
        label: 'number' in record ? record.number : record.mac,
        after: record.revision + 1,
        before: { row, lines: own(lines), keys: own(keys), ...(kind === 'extension' ? { groups: own(groups) } : {}) },
      },
    ]
  })
}
