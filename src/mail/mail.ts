import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'

export const MAIL_KINDS = ['welcome', 'set-up'] as const
export type MailKind = (typeof MAIL_KINDS)[number]

export const MAIL_LANGUAGES = ['en', 'de'] as const
export type MailLanguage = (typeof MAIL_LANGUAGES)[number]

/** `not-sent`: there is no SMTP server in the settings; it can be sent once there is one. */
export const MAIL_STATES = ['waiting', 'sent', 'failed', 'not-sent'] as const
export type MailState = (typeof MAIL_STATES)[number]

/** A mail to a person. Its text is made when it is sent. */
export interface Mail {
  id: Id
  siteId: Id
  extensionId: Id
  kind: MailKind
  language: MailLanguage
  /** Softphone app that its code is for. */
  app?: string
  state: MailState
  /** Times it was tried. */
  attempts: number
  /** When it is tried next. */
  nextAt: Millis
  /** Where it was sent. */
  address?: string
  /** Why it was not sent, in words of the SMTP server or ours. */
  error?: string
  createdBy: string
  createdAt: Millis
  finishedAt?: Millis
}

/** Minutes until a mail is tried again, by how often it was tried. After the last it has failed. */
const RETRY_MINUTES = [1, 5, 15, 60, 240] as const

/** When a mail is tried again, or undefined when it has failed for good. @param attempts how often it was tried */
export function retryAt(attempts: number, now: Millis): Millis | undefined {
  const minutes = RETRY_MINUTES[attempts - 1]
  return minutes === undefined ? undefined : now + minutes * 60_000
}

/** An SMTP answer of 5xx to a recipient stays as it is, however often one asks (RFC 5321 §4.2.1). */
export function isPermanent(responseCode: number | undefined): boolean {
  return responseCode !== undefined && responseCode >= 500 && responseCode < 600
}
