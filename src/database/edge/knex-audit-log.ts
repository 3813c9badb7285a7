import type { Knex } from 'knex'
import type { AuditLog, AuditRow } from '../audit-log.js'
import { orUnusable, toAudit, type StoredAudit } from './write.js'

/** Number of the newest row of the audit log; 0: there is none. */
export async function newestAudit(db: Knex): Promise<number> {
  const row = await db('audit_log').max<{ newest: number | string | null }[]>({ newest: 'id' })
  return Number(row[0]?.newest ?? 0)
}

/** Rows of the audit log in order of their numbers, which is the order of their commits (write.ts). */
export class KnexAuditLog implements AuditLog {
  constructor(private readonly db: Knex) {}

  newest(): Promise<number> {
    return orUnusable(newestAudit(this.db))
  }

  async after(id: number, limit: number, actions?: readonly string[]): Promise<AuditRow[]> {
    const query = this.db<StoredAudit>('audit_log').where('id', '>', id).orderBy('id').limit(limit)
    if (actions) void query.whereIn('action', actions)
    return (await orUnusable(Promise.resolve(query))).map(toAudit)
  }
}
