import type { Clock } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import { ALGORITHMS } from '../../sip/digest.js'
import type { DeviceRecord, ExtensionRecord, ListedSnapshot } from '../../snapshot/snapshot.js'
import { siteRealm } from '../accounts.js'
import type { PeopleChange } from '../concerned.js'
import type { SnapshotAccounts } from './snapshot-accounts.js'

/** Users whose passwords are opened in one go: one or two milliseconds, so that a crowd at the start hardly waits. */
const SLICE = 10
const PAUSE_MS = 5

export interface WarmAccountsOptions {
  snapshot: Pick<ListedSnapshot, 'site' | 'allExtensions' | 'allDevices' | 'extension' | 'device'>
  accounts: Pick<SnapshotAccounts, 'findDigestUser' | 'defaultSite'>
  clock: Clock
}

/**
 * Works out the HA1 of everybody beforehand, in slices. Opening a password takes longer than everything else about a
 * REGISTER: done at the first one, the time of the answer would tell a stranger which users exist. So it does not wait
 * for spare time either.
 */
export class WarmAccounts {
  #users: Iterator<readonly [Id, string]> | undefined
  #again = false
  /** Changed while others were worked out. */
  #changed: { extensions: Set<Id>; devices: Set<Id> } = { extensions: new Set(), devices: new Set() }
  #cancel: () => void = () => undefined
  #stopped = false

  constructor(private readonly options: WarmAccountsOptions) {}

  /** Begins with everybody, or begins anew when the work under way is done. */
  start(): void {
    this.#again = true
    this.#goOn()
  }

  /** Only those who were changed: phones that tell of their firmware by the hundred change themselves, too. */
  changed({ everything, sites, extensions, devices }: Omit<PeopleChange, 'layers'>): void {
    // The realm is part of an HA1.
    if (everything || sites.length > 0) return this.start()
    for (const id of extensions) this.#changed.extensions.add(id)
    for (const id of devices) this.#changed.devices.add(id)
    this.#goOn()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  #goOn(): void {
    const { extensions, devices } = this.#changed
    if (this.#users || (!this.#again && extensions.size + devices.size === 0)) return
    if (this.#again) {
      const { snapshot } = this.options
      this.#users = usersOf(snapshot.allDevices(), snapshot.allExtensions())
    } else this.#users = this.#named(extensions, devices)
    // Everybody includes them.
    this.#again = false
    this.#changed = { extensions: new Set(), devices: new Set() }
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
        this.#goOn()
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
    for (const algorithm of ALGORITHMS) {
      account.ha1(algorithm, siteRealm(site))
      account.former?.ha1(algorithm, siteRealm(site))
    }
  }

  /** Those of them that are still there. */
  #named(extensions: Iterable<Id>, devices: Iterable<Id>): Iterator<readonly [Id, string]> {
    const { snapshot } = this.options
    const found = <T>(ids: Iterable<Id>, find: (id: Id) => T | undefined): T[] =>
      [...ids].map(find).filter((record) => record !== undefined)
    return usersOf(
      found(devices, (id) => snapshot.device(id)),
      found(extensions, (id) => snapshot.extension(id)),
    )
  }
}

/** Digest user names with their sites. */
function* usersOf(
  devices: Iterable<DeviceRecord>,
  extensions: Iterable<ExtensionRecord>,
): Generator<readonly [Id, string]> {
  for (const { siteId, lines } of devices) {
    for (const { authUsername } of lines) yield [siteId, authUsername]
  }
  for (const { siteId, authUsername, softphones } of extensions) {
    yield [siteId, authUsername]
    for (const softphone of softphones ?? []) yield [siteId, softphone.authUsername]
  }
}
