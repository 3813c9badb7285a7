import type { Millis } from '../domain/clock.js'
import type { AuditEntry, Id } from '../domain/entities.js'

/** A row of the audit log with its number. */
export type AuditRow = AuditEntry & { readonly id: number; readonly siteId?: Id }

/** What the audit log is asked; newest first, `before`: only rows with lower numbers. */
export interface AuditQuery {
  /** Only of this site; absent: all. */
  siteId?: Id | undefined
  entity?: string | undefined
  entityId?: string | undefined
  action?: string | undefined
  actor?: string | undefined
  /** Not before, not after. */
  from?: Millis | undefined
  to?: Millis | undefined
  before?: number | undefined
  limit: number
}

/** The audit log as a queue: rows after a number, oldest first; of these actions only, where some are named. */
export interface AuditLog {
  after(id: number, limit: number, actions?: readonly string[]): Promise<AuditRow[]>
  newest(): Promise<number>
}

/**
 * Rows come after the snapshot knows of what they tell: it is described from there, and a change made by another
 * process may be read here first. The last to be told would else be told the state of before.
 */
export function upToDate(audit: AuditLog, refresh: () => Promise<void>): AuditLog {
  return {
    newest: () => audit.newest(),
    after: async (...which) => {
      const rows = await audit.after(...which)
      if (rows.length > 0) await refresh()
      return rows
    },
  }
}
