import type { Knex } from 'knex'
import { chunks, inWriteTransaction, insertInChunks, isPostgres } from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import type { Sighting } from '../store.js'

/** Phones per statement and transaction: a power-up of a whole house holds nobody up for long. */
const MOST_AT_ONCE = 500

/** What was seen, as one JSON text: binding every value by itself takes several times as long. */
const SEEN = {
  sqlite: `select value ->> 0 as id, value ->> 1 as at, value ->> 2 as ip, value ->> 3 as firmware from json_each(?)`,
  postgres: `select value ->> 0 as id, (value ->> 1)::bigint as at, value ->> 2 as ip, value ->> 3 as firmware
    from json_array_elements(?::json) as batch(value)`,
}

/** Writes the last sighting of each phone; a firmware version that changed is announced in the change feed. */
export async function noteSightings(db: Knex, sightings: readonly Sighting[]): Promise<void> {
  const last = new Map(sightings.map((each) => [each.deviceId, each]))
  for (const some of chunks(last.values(), MOST_AT_ONCE)) await inWriteTransaction(db, (trx) => noteSome(trx, some))
}

async function noteSome(trx: Knex.Transaction, sightings: readonly Sighting[]): Promise<void> {
  const renewed = await withOtherFirmware(trx, sightings)
  const rows = sightings.map(({ deviceId, at, ip, firmwareVersion = null }) => [deviceId, at, ip, firmwareVersion])
  await trx.raw(
    `update devices set last_seen_at = seen.at, last_seen_ip = seen.ip,
      firmware_version = coalesce(seen.firmware, firmware_version)
    from (${isPostgres(trx) ? SEEN.postgres : SEEN.sqlite}) as seen where devices.id = seen.id`,
    [JSON.stringify(rows)],
  )
  const feed = renewed.map(({ deviceId, at }) => ({ at, topic: 'device', key: deviceId }))
  await insertInChunks(trx, 'change_feed', feed)
}

/** Those that run another firmware than is stored; most tell none. */
async function withOtherFirmware(trx: Knex.Transaction, sightings: readonly Sighting[]): Promise<Sighting[]> {
  const telling = sightings.filter(({ firmwareVersion }) => firmwareVersion !== undefined)
  if (telling.length === 0) return []
  const stored = (await trx('devices')
    .whereIn(
      'id',
      telling.map(({ deviceId }) => deviceId),
    )
    .select('id', 'firmware_version')) as FirmwareRow[]
  const versions = new Map(stored.map((row) => [row.id, row.firmware_version]))
  return telling.filter(
    ({ deviceId, firmwareVersion }) => versions.has(deviceId) && versions.get(deviceId) !== firmwareVersion,
  )
}

interface FirmwareRow {
  id: Id
  firmware_version: string | null
}
