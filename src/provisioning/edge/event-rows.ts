import type { Knex } from 'knex'
import { isPostgres } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { Id, ProvisioningEvent } from '../../domain/entities.js'
import type { Mac } from '../../domain/mac-address.js'

/** A row of `provisioning_events`. */
export interface EventRow {
  at: Millis
  transport: ProvisioningEvent['transport']
  path: string
  peer: string
  mac: Mac | null
  device_id: Id | null
  user_agent: string | null
  outcome: ProvisioningEvent['outcome']
  status: number
  bytes: number
  micros: number
  sha256: string | null
  reason: string | null
  times: number
}

/** Columns with their types in PostgreSQL, in the order of `valuesOf`. */
const COLUMNS: readonly (readonly [keyof EventRow, 'text' | 'bigint' | 'integer'])[] = [
  ['at', 'bigint'],
  ['transport', 'text'],
  ['path', 'text'],
  ['peer', 'text'],
  ['mac', 'text'],
  ['device_id', 'text'],
  ['user_agent', 'text'],
  ['outcome', 'text'],
  ['status', 'integer'],
  ['bytes', 'bigint'],
  ['micros', 'bigint'],
  ['sha256', 'text'],
  ['reason', 'text'],
  ['times', 'integer'],
]

/** What is left out becomes null in JSON. */
function valuesOf(event: ProvisioningEvent): readonly (string | number | undefined)[] {
  const { at, transport, path, peer, mac, deviceId, userAgent, outcome } = event
  const { status, bytes, micros, sha256, reason, times = 1 } = event
  const who = [at, transport, path, peer, mac, deviceId, userAgent]
  return [...who, outcome, status, bytes, micros, sha256, reason, times]
}

const NAMES = COLUMNS.map(([name]) => name).join(', ')
/** One statement and one JSON text for a whole batch: binding every value by itself costs the thread much more. */
const INSERT = {
  sqlite: `insert into provisioning_events (${NAMES})
    select ${COLUMNS.map((_, index) => `value ->> ${index}`).join(', ')} from json_each(?)`,
  postgres: `insert into provisioning_events (${NAMES})
    select ${COLUMNS.map(([, type], index) => `(value ->> ${index})::${type}`).join(', ')}
    from json_array_elements(?::json) with ordinality as batch(value, place) order by place`,
}

/** Writes events in their order; texts must be storable. */
export async function insertEvents(trx: Knex, events: readonly ProvisioningEvent[]): Promise<void> {
  await trx.raw(isPostgres(trx) ? INSERT.postgres : INSERT.sqlite, [JSON.stringify(events.map(valuesOf))])
}

export function toEvent(row: EventRow): ProvisioningEvent {
  return {
    at: row.at,
    transport: row.transport,
    path: row.path,
    peer: row.peer,
    ...(row.mac === null ? {} : { mac: row.mac }),
    ...(row.device_id === null ? {} : { deviceId: row.device_id }),
    ...(row.user_agent === null ? {} : { userAgent: row.user_agent }),
    outcome: row.outcome,
    status: row.status,
    bytes: row.bytes,
    micros: row.micros,
    ...(row.sha256 === null ? {} : { sha256: row.sha256 }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.times === 1 ? {} : { times: row.times }),
  }
}
