import type { Change } from '../database/change.js'
import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import type { Mail, MailKind, MailState } from './mail.js'

/** A mail with whom it is for. */
export interface ListedMail extends Mail {
  number: string
  name: string
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
  peopleWithout(siteId: Id, kind: MailKind): Promise<ExtensionRecord[]>
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
