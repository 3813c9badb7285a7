import type { Clock } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import { ALGORITHMS } from '../../sip/digest.js'
import type { ListedSnapshot } from '../../snapshot/snapshot.js'
import { siteRealm } from '../accounts.js'
import type { SnapshotAccounts } from './snapshot-accounts.js'

/** Users whose passwords are opened in one go: about a millisecond. */
const SLICE = 50
const PAUSE_MS = 5

export interface WarmAccountsOptions {
  snapshot: Pick<ListedSnapshot, 'site' | 'allExtensions' | 'allDevices'>
  accounts: Pick<SnapshotAccounts, 'findDigestUser' | 'defaultSite'>
  clock: Clock
}

/**
 * Works out the HA1 of everybody beforehand, in slices. Opening a password takes longer than everything else about a
 * REGISTER: done at the first one, the time of the answer would tell a stranger which users exist.
 */
export class WarmAccounts {
  #users: Iterator<readonly [Id, string]> | undefined
  #again = false
  #cancel: () => void = () => undefined
  #stopped = false

  constructor(private readonly options: WarmAccountsOptions) {}

  /** Begins, or begins anew after people and phones were changed: what is known already costs next to nothing. */
  start(): void {
    if (this.#users) this.#again = true
    else this.#begin()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  #begin(): void {
    this.#again = false
    this.#users = this.#everybody()
    this.#schedule()
  }

  #schedule(): void {
    if (!this.#stopped) this.#cancel = this.options.clock.after(PAUSE_MS, () => this.#slice())
  }

  #slice(): void {
    for (let n = 0; n < SLICE; n += 1) {
      const next = this.#users?.next()
      if (!next || next.done) {
        this.#users = undefined
        if (this.#again) this.#begin()
        return
      }
      this.#warm(...next.value)
    }
    this.#schedule()
  }

  #warm(siteId: Id, username: string): void {
    const { snapshot, accounts } = this.options
    const account = accounts.findDigestUser(siteId, username)
    const defaultSite = accounts.defaultSite()
    const site = siteId === defaultSite.id ? defaultSite : snapshot.site(siteId)
    if (!account || !site) return
    for (const algorithm of ALGORITHMS) account.ha1(algorithm, siteRealm(site))
  }

  *#everybody(): Generator<readonly [Id, string]> {
    const { snapshot } = this.options
    for (const { siteId, lines } of snapshot.allDevices()) {
      for (const { authUsername } of lines) yield [siteId, authUsername]
    }
    for (const { siteId, authUsername, softphones } of snapshot.allExtensions()) {
      yield [siteId, authUsername]
      for (const softphone of softphones ?? []) yield [siteId, softphone.authUsername]
    }
  }
}
