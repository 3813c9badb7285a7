import type { Change } from '../database/change.js'
import type { Millis } from '../domain/clock.js'
import type { Id, Softphone, SoftphoneToken } from '../domain/entities.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'

/** A softphone as people look at it. */
export interface KeptSoftphone extends Softphone {
  createdBy: string
  createdAt: Millis
  /** When its set-up was fetched first. */
  fetchedAt?: Millis
  /** Fetches that its codes still allow, and until when. */
  codes: readonly { usesLeft: number; expiresAt: Millis; usedAt?: Millis; usedIp?: string; usedAgent?: string }[]
}

/** A fetch, for the record. */
export interface TokenUse {
  tokenHash: string
  at: Millis
  ip: string
  userAgent?: string | undefined
}

/** Reads and writes inside one transaction. */
export interface SoftphoneWrites {
  extensionByNumber(siteId: Id, number: string): Promise<ExtensionRecord | undefined>
  /** True when anybody of the site has this digest user name. */
  authUsernameTaken(siteId: Id, authUsername: string): Promise<boolean>
  softphone(id: Id): Promise<KeptSoftphone | undefined>
  insert(softphone: Softphone, token: SoftphoneToken, change: Change): Promise<void>
  /** With its tokens. */
  remove(softphone: Softphone, change: Change): Promise<void>
  /** None of its tokens opens anything any more. */
  endTokens(softphone: Softphone, change: Change): Promise<void>
}

export interface SoftphoneStore {
  /** Runs `work` in one transaction that holds the write lock; what it throws undoes everything. */
  change<T>(work: (writes: SoftphoneWrites) => Promise<T>): Promise<T>
  /** Of one person, oldest first. */
  ofExtension(extensionId: Id): Promise<KeptSoftphone[]>
  extensionByNumber(siteId: Id, number: string): Promise<ExtensionRecord | undefined>
  softphone(id: Id): Promise<KeptSoftphone | undefined>
  /** Takes one use of a token; false when it has none left, has expired or is not there. */
  useToken(use: TokenUse): Promise<boolean>
  /**
   * Forgets tokens that ended before `before`, and softphones made before it that nobody fetched and nobody can fetch
   * any more. Returns how many softphones went.
   */
  prune(before: Millis, now: Millis): Promise<number>
}
