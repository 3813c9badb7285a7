import type { Clock, Millis } from '../domain/clock.js'
import { Every } from '../domain/every.js'
import type { Id } from '../domain/entities.js'
import type { KeptBan } from '../limits/store.js'
import { siteZone } from '../snapshot/site-value.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { adminAddress, type Notice } from './notice.js'

export interface BanNoticesParts {
  readonly snapshot: Pick<Snapshot, 'layer' | 'defaultSite'>
  /** Those in force. */
  bans(now: Millis): Promise<readonly KeptBan[]>
  /** When a mail of this kind was last made, also before the start. */
  lastMail(siteId: Id, kind: 'admin-banned'): Promise<Millis | undefined>
  readonly clock: Clock
}

const LOOK_EVERY_MS = 10_000
/** While somebody attacks there is a new source every minute. */
const QUIET_MS = 3_600_000
const NAMED = 5

/** Tells whoever looks after the phones of sources that were banned, once an hour at most. */
export class BanNotices {
  readonly #looking: Every

  constructor(private readonly parts: BanNoticesParts) {
    this.#looking = new Every(parts.clock, LOOK_EVERY_MS)
  }

  /** What is to be told now. Sources are those of all sites, and so is the address that is told. */
  async due(): Promise<Notice[]> {
    const { snapshot, clock, bans, lastMail } = this.parts
    if (!this.#looking.isDue()) return []
    const address = adminAddress(snapshot, '', 'banned')
    if (address === undefined) return []
    const siteId = snapshot.defaultSite().id
    const now = clock.now()
    const last = (await lastMail(siteId, 'admin-banned')) ?? now - QUIET_MS
    if (now - last < QUIET_MS) return []
    const fresh = (await bans(now)).filter(({ since }) => since > last)
    const first = fresh.at(-1)
    if (!first) return []
    const named = fresh.slice(0, NAMED).map(({ who, username }) => (username === '' ? who : `${who} (${username})`))
    const more = fresh.length > NAMED ? [`+${fresh.length - NAMED}`] : []
    const what = [...named, ...more].join(', ')
    const about = { what, at: first.since, by: 'server', zone: siteZone(snapshot, siteId) }
    return [{ kind: 'admin-banned', siteId, address, about }]
  }
}
