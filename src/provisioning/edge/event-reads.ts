import type { Knex } from 'knex'
import { orUnusable } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { ProvisioningEvent, Stranger } from '../../domain/entities.js'
import type { Mac } from '../../domain/mac-address.js'
import { toEvent, type EventRow } from './event-rows.js'

/** What a phone asked for, newest first, also from before it was known. */
export async function readDeviceEvents(db: Knex, mac: Mac, limit: number): Promise<ProvisioningEvent[]> {
  const rows: EventRow[] = await orUnusable(
    Promise.resolve(db('provisioning_events').where({ mac }).orderBy('at', 'desc').orderBy('id', 'desc').limit(limit)),
  )
  return rows.map(toEvent)
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

/** Events with their numbers, newest first; `before`: only those with lower numbers. */
export async function readEvents(
  db: Knex,
  {
    mac,
    outcome,
    before,
    limit,
  }: { mac?: Mac | undefined; outcome?: string | undefined; before?: number | undefined; limit: number },
): Promise<(ProvisioningEvent & { id: number })[]> {
  const query = db('provisioning_events').orderBy('id', 'desc').limit(limit)
  if (mac !== undefined) void query.where({ mac })
  if (outcome !== undefined) void query.where({ outcome })
  if (before !== undefined) void query.where('id', '<', before)
  const rows: (EventRow & { id: number })[] = await orUnusable(Promise.resolve(query))
  return rows.map((row) => ({ ...toEvent(row), id: Number(row.id) }))
}
