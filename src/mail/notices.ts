import type { AuditLog, AuditRow } from '../database/audit-log.js'
import type { Clock } from '../domain/clock.js'
import { newId, type Random } from '../domain/random.js'
import type { Log } from '../observe/log.js'
import { Rounds } from '../observe/rounds.js'
import type { BanNotices } from './ban-notices.js'
import { queuedState, type Mail, type MailLanguage } from './mail.js'
import { noticesOf, TOLD, type Notice, type NoticeSources } from './notice.js'
import type { NoticeStore } from './store.js'

export interface NoticesParts {
  /** Its rows come after the snapshot knows of what they tell. */
  readonly audit: AuditLog
  readonly store: NoticeStore
  /** What notices are made from. */
  sources(): Promise<NoticeSources>
  readonly bans: Pick<BanNotices, 'due'>
  /** An SMTP server is in the settings. */
  readonly configured: boolean
  readonly language: MailLanguage
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

const TURN_MS = 1_000
/** Rows of the audit log taken at a time: a long import must not fill the memory. */
const AUDIT_ROWS = 500
const ACTOR = 'server'

/**
 * Tells people by mail what happened to their phones and passwords, whoever did it: reads the audit log as webhooks do.
 * Position and mails are written together, so that each row is told once, also over a restart.
 */
export class Notices {
  readonly #rounds: Rounds

  constructor(private readonly parts: NoticesParts) {
    this.#rounds = new Rounds(
      {
        ...{ clock: parts.clock, log: parts.log, everyMs: TURN_MS },
        fails: 'what people are to be told by mail cannot be read or written; it waits',
        worksAgain: 'people are told by mail again',
      },
      () => this.#read(),
    )
  }

  start(): void {
    this.#rounds.start()
  }

  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  /** Reads what is new, now. */
  turn(): Promise<void> {
    return this.#rounds.once()
  }

  async #read(): Promise<void> {
    const { audit, store } = this.parts
    const newest = await audit.newest()
    let position = await store.noticedTo()
    while (position < newest && !this.#rounds.stopped) {
      const rows = await audit.after(position, AUDIT_ROWS, TOLD)
      const last = rows.length < AUDIT_ROWS ? undefined : rows.at(-1)
      position = last?.id ?? Math.max(newest, ...rows.map(({ id }) => id))
      await store.addNotices(await this.#mailsOf(rows), position)
    }
    const banned = await this.parts.bans.due()
    if (banned.length > 0) await store.addNotices(banned.map((notice) => this.#mail(notice)))
  }

  async #mailsOf(rows: readonly AuditRow[]): Promise<Mail[]> {
    if (rows.length === 0) return []
    const imports = new Set((await this.parts.store.importsAmong(rows)).map(madeBy))
    // Whoever imports thousands does not want thousands of mails; he may ask for welcome mails.
    const single = rows.filter((row) => !imports.has(madeBy(row)))
    if (single.length === 0) return []
    const sources = await this.parts.sources()
    return single.flatMap((row) => noticesOf(sources, row)).map((notice) => this.#mail(notice))
  }

  #mail({ kind, siteId, extensionId, address, about }: Notice): Mail {
    const { clock, random, configured, language } = this.parts
    const now = clock.now()
    return {
      ...{ id: newId(random, now), siteId, kind, language, about },
      ...(extensionId === undefined ? {} : { extensionId }),
      ...(address === undefined ? {} : { address }),
      ...queuedState(configured, now),
      ...{ createdBy: ACTOR, createdAt: now },
    }
  }
}

/** All rows of an import have its time and whose it is. */
function madeBy({ at, actor }: Pick<AuditRow, 'at' | 'actor'>): string {
  return `${at} ${actor}`
}
