import type { AuditRow } from '../database/audit-log.js'
import type { Change } from '../database/change.js'
import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import type { CodeKind, Mail, MailKind, MailState } from './mail.js'

/** A mail with whom it is for; without number and name it is for whoever looks after the phones. */
export interface ListedMail extends Mail {
  number?: string
  name?: string
  email?: string
}

export interface MailQuery {
  siteId: Id
  state?: MailState | undefined
  number?: string | undefined
  limit: number
}

/** What came of an attempt. */
export type Outcome =
  | { readonly state: 'sent'; readonly at: Millis; readonly address: string }
  | { readonly state: 'failed' | 'not-sent'; readonly at: Millis; readonly error: string }
  | { readonly state: 'waiting'; readonly nextAt: Millis; readonly error: string }

export interface MailStore {
  extensionByNumber(siteId: Id, number: string): Promise<ExtensionRecord | undefined>
  extension(id: Id): Promise<ExtensionRecord | undefined>
  /** People with an address who never got a mail of this kind, nor have one waiting. */
  peopleWithout(siteId: Id, kind: CodeKind): Promise<ExtensionRecord[]>
  add(mails: readonly Mail[], changes: readonly Change[]): Promise<void>
  /** Newest first. */
  list(query: MailQuery): Promise<ListedMail[]>
  mail(id: Id): Promise<Mail | undefined>
  /** Waiting and due, the oldest first. */
  due(now: Millis, limit: number): Promise<Mail[]>
  /** Notes an attempt. */
  note(id: Id, outcome: Outcome): Promise<void>
  /** To be tried now, from the first attempt on. */
  retry(id: Id, state: 'waiting' | 'not-sent', now: Millis, change: Change): Promise<void>
  prune(before: Millis): Promise<number>
}

/** Where notices come from and go to. */
export interface NoticeStore {
  /** Number of the last row of the audit log that was read. */
  noticedTo(): Promise<number>
  /** Puts notices into the queue and notes how far the audit log was read, where it was, both or neither. */
  addNotices(mails: readonly Mail[], auditId?: number): Promise<void>
  /** When the newest mail of a kind was made. */
  lastMail(siteId: Id, kind: MailKind): Promise<Millis | undefined>
  /** The imports, where rows may belong to some: all rows of one have its time and its actor. */
  importsAmong(rows: readonly Pick<AuditRow, 'at'>[]): Promise<Pick<AuditRow, 'at' | 'actor'>[]>
}
