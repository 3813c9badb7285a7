import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'

/** With a code; sent by hand, or when somebody was added. */
export const CODE_KINDS = ['welcome', 'set-up'] as const
export type CodeKind = (typeof CODE_KINDS)[number]
/** About something that happened; those of `admin-` go to whoever looks after the phones. */
export const NOTICE_KINDS = [
  'phone-added',
  'softphone-added',
  'password-reset',
  'phone-lost',
  'admin-phone-lost',
  'admin-banned',
] as const
export type NoticeKind = (typeof NOTICE_KINDS)[number]
export const MAIL_KINDS = [...CODE_KINDS, ...NOTICE_KINDS] as const
export type MailKind = CodeKind | NoticeKind

export function isNotice(kind: MailKind): kind is NoticeKind {
  return (NOTICE_KINDS as readonly MailKind[]).includes(kind)
}

/** What happened; nothing secret. */
export interface MailAbout {
  /** The phone, app or source, as people call it. */
  readonly what: string
  readonly at: Millis
  /** IANA time zone that `at` is told in. */
  readonly zone: string
  /** Who did it, as in the audit log. */
  readonly by: string
  /** Whose phone it is, `101 Ann`; for admins. */
  readonly people?: string
}

export const MAIL_LANGUAGES = ['en', 'de'] as const
export type MailLanguage = (typeof MAIL_LANGUAGES)[number]

/** `not-sent`: there is no SMTP server in the settings; it can be sent once there is one. */
export const MAIL_STATES = ['waiting', 'sent', 'failed', 'not-sent'] as const
export type MailState = (typeof MAIL_STATES)[number]

/** A mail to a person, or to whoever looks after the phones. Its text is made when it is sent. */
export interface Mail {
  id: Id
  siteId: Id
  /** Absent: it goes to `address`. */
  extensionId?: Id
  kind: MailKind
  language: MailLanguage
  /** Softphone app that its code is for. */
  app?: string
  /** Of a notice. */
  about?: MailAbout
  state: MailState
  /** Times it was tried. */
  attempts: number
  /** When it is tried next. */
  nextAt: Millis
  /** Where it was sent, or is to be sent when it goes to nobody with an extension. */
  address?: string
  /** Why it was not sent, in words of the SMTP server or ours. */
  error?: string
  createdBy: string
  createdAt: Millis
  finishedAt?: Millis
}

/** Minutes until a mail is tried again, by how often it was tried. After the last it has failed. */
const RETRY_MINUTES = [1, 5, 15, 60, 240] as const
/** No mail waits longer: one that seems to was put into the queue while the clock was ahead. */
export const LONGEST_WAIT_MS: Millis = Math.max(...RETRY_MINUTES) * 60_000

/** When a mail is tried again, or undefined when it has failed for good. @param attempts how often it was tried */
export function retryAt(attempts: number, now: Millis): Millis | undefined {
  const minutes = RETRY_MINUTES[attempts - 1]
  return minutes === undefined ? undefined : now + minutes * 60_000
}

/** An SMTP answer of 5xx to a recipient stays as it is, however often one asks (RFC 5321 §4.2.1). */
export function isPermanent(responseCode: number | undefined): boolean {
  return responseCode !== undefined && responseCode >= 500 && responseCode < 600
}

/** What stands in a list for a mail that nobody can send. */
const NO_SMTP = 'no SMTP server is configured (PHONEBOOT_SMTP_URL)'

/** How a mail begins: it waits, or without an SMTP server it is kept as not sent. */
export function queuedState(
  configured: boolean,
  now: Millis,
): Pick<Mail, 'state' | 'attempts' | 'nextAt'> & Partial<Pick<Mail, 'error'>> {
  return configured
    ? { state: 'waiting', attempts: 0, nextAt: now }
    : { state: 'not-sent', attempts: 0, nextAt: now, error: NO_SMTP }
}
