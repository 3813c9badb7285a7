import type { Knex } from 'knex'
import { chunks, orUnusable } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { BanScope } from '../ban.js'
import type { Ban } from '../ban.js'
import { OFFENCES, type OffenceKind } from '../offence.js'
import { holds } from '../source.js'
import type { BanStore, KeptBan } from '../store.js'

const TABLE = 'bans'
const TEXT_MAX = 200

interface Row {
  who: string
  scope: string
  username: string
  kind: string
  evidence: string
  count: number
  times: number
  since_at: number
  until_at: number
  lifted_at: number | null
  lifted_by: string | null
}

/** Bans in the `bans` table of the live database. */
export class KnexBanStore implements BanStore {
  constructor(private readonly db: Knex) {}

  async load(since: Millis, limit: number): Promise<KeptBan[]> {
    const rows: Row[] = await orUnusable(
      Promise.resolve(this.db<Row>(TABLE).where('until_at', '>', since).orderBy('since_at', 'desc').limit(limit)),
    )
    return rows.map(fromRow)
  }

  async save(bans: readonly Ban[]): Promise<void> {
    await this.db.transaction(async (trx) => {
      for (const part of chunks(bans.map(toRow))) {
        await trx<Row>(TABLE).insert(part).onConflict(['who', 'scope', 'username']).merge()
      }
    })
  }

  async lifted(since: Millis): Promise<KeptBan[]> {
    return (await this.db<Row>(TABLE).where('lifted_at', '>=', since)).map(fromRow)
  }

  async prune(before: Millis, keep: number): Promise<void> {
    const [newest] = await this.db<Row>(TABLE).orderBy('since_at', 'desc').offset(keep).limit(1).pluck('since_at')
    await this.db<Row>(TABLE)
      .where('until_at', '<', before)
      .orWhere('since_at', '<=', Number(newest ?? -1))
      .delete()
  }

  /**
   * Marks bans in force as lifted; the running server notices within a second.
   * @param address an address, which lifts every ban it is under, or what a ban names; undefined: all
   * @returns those that were lifted
   */
  async lift(address: string | undefined, by: string, now: Millis): Promise<KeptBan[]> {
    return await orUnusable(
      this.db.transaction(async (trx) => {
        const rows = await trx<Row>(TABLE).where('until_at', '>', now).whereNull('lifted_at')
        const meant = rows.filter(({ who }) => address === undefined || who === address || holds(who, address))
        for (const { who, scope, username } of meant) {
          await trx<Row>(TABLE).where({ who, scope, username }).update({ lifted_at: now, lifted_by: by })
        }
        return meant.map((row) => fromRow({ ...row, lifted_at: now, lifted_by: by }))
      }),
    )
  }
}

function toRow(ban: Ban): Row {
  return {
    who: ban.who,
    scope: ban.scope,
    username: storable(ban.username),
    kind: ban.kind,
    evidence: storable(ban.evidence),
    count: Math.round(ban.count),
    times: ban.times,
    since_at: ban.since,
    until_at: ban.until,
    lifted_at: null,
    lifted_by: null,
  }
}

function fromRow(row: Row): KeptBan {
  return {
    who: row.who,
    scope: row.scope as BanScope,
    username: row.username,
    kind: (row.kind in OFFENCES ? row.kind : 'malformed') as OffenceKind,
    evidence: row.evidence,
    count: row.count,
    times: row.times,
    since: row.since_at,
    until: row.until_at,
    ...(row.lifted_at === null ? {} : { liftedAt: row.lifted_at }),
    ...(row.lifted_by === null ? {} : { liftedBy: row.lifted_by }),
  }
}

/** PostgreSQL takes neither NUL nor half a character. */
function storable(text: string): string {
  return text.slice(0, TEXT_MAX).replaceAll('\0', '').toWellFormed()
}
