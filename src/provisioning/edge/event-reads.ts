import type { Knex } from 'knex'
import { orUnusable } from '../../database/edge/write.js'
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
}

export function eventRow(event: ProvisioningEvent): EventRow {
  const { deviceId, userAgent, mac, sha256, reason, ...rest } = event
  return {
    ...rest,
    mac: mac ?? null,
    device_id: deviceId ?? null,
    user_agent: userAgent ?? null,
    sha256: sha256 ?? null,
    reason: reason ?? null,
  }
}

/** What a phone asked for, newest first, also from before it was known. */
export async function readDeviceEvents(db: Knex, mac: Mac, limit: number): Promise<ProvisioningEvent[]> {
  const rows: EventRow[] = await orUnusable(
    Promise.resolve(db('provisioning_events').where({ mac }).orderBy('at', 'desc').orderBy('id', 'desc').limit(limit)),
  )
  return rows.map((row) => ({
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
  }))
}

/** Refused requests of one source that belong to no phone of ours, counted (decision 24). */
export interface Stranger {
  peer: string
  outcome: ProvisioningEvent['outcome']
  firstAt: Millis
  lastAt: Millis
  requests: number
  lastPath: string
  lastMac?: Mac
  lastUserAgent?: string
  lastReason?: string
}

/** A row of `stranger_requests`. */
export interface StrangerRow {
  peer: string
  outcome: ProvisioningEvent['outcome']
  first_at: Millis
  last_at: Millis
  requests: number
  last_path: string
  last_mac: Mac | null
  last_user_agent: string | null
  last_reason: string | null
}

/** The last seen first; `mac` narrows to sources that last asked for this phone. */
export async function readStrangers(db: Knex, options: { limit: number; mac?: Mac }): Promise<Stranger[]> {
  const query = db('stranger_requests').orderBy('last_at', 'desc').orderBy('peer').limit(options.limit)
  if (options.mac !== undefined) void query.where({ last_mac: options.mac })
  const rows: StrangerRow[] = await orUnusable(Promise.resolve(query))
  return rows.map((row) => ({
    peer: row.peer,
    outcome: row.outcome,
    firstAt: row.first_at,
    lastAt: row.last_at,
    requests: row.requests,
    lastPath: row.last_path,
    ...(row.last_mac === null ? {} : { lastMac: row.last_mac }),
    ...(row.last_user_agent === null ? {} : { lastUserAgent: row.last_user_agent }),
    ...(row.last_reason === null ? {} : { lastReason: row.last_reason }),
  }))
}
