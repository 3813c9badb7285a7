import type { Millis } from '../../src/domain/clock.js'
import { banKey, type Ban } from '../../src/limits/ban.js'
import type { BanStore, KeptBan } from '../../src/limits/store.js'

/** Bans in a map. */
export class MemoryBanStore implements BanStore {
  readonly rows = new Map<string, KeptBan>()

  load(since: Millis, limit: number): Promise<KeptBan[]> {
    const found = [...this.rows.values()].filter(({ until }) => until > since)
    return Promise.resolve(found.sort((a, b) => b.since - a.since).slice(0, limit))
  }

  save(bans: readonly Ban[]): Promise<void> {
    for (const ban of bans) this.rows.set(banKey(ban), ban)
    return Promise.resolve()
  }

  lifted(since: Millis): Promise<KeptBan[]> {
    return Promise.resolve(
      [...this.rows.values()].filter(({ liftedAt }) => liftedAt !== undefined && liftedAt >= since),
    )
  }

  prune(): Promise<void> {
    return Promise.resolve()
  }
}
