import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { Random } from '../domain/random.js'
import type { Log } from '../observe/log.js'
import type { Accounts, Sites } from './accounts.js'
import type { OwnHosts } from './domains.js'
import type { RegistrarGuard } from './guard.js'
import type { RegistrarPolicy } from './policy.js'
import type { BindingChange, BindingStore } from './store.js'
import type { WatchRequest } from './watching.js'

/** A REGISTER that was refused although somebody tried to prove who they are. */
export interface RefusedRegister {
  readonly username: string
  /** Source, `ip:port`. */
  readonly received: string
  readonly reason: 'wrong password or unknown user' | 'not its own extension' | 'outside its allowed networks'
}

export interface RegistrarOptions {
  /** The machine's date. */
  readonly clock: Clock
  /** Runs evenly although somebody sets the date; bindings and nonces last by it. Default: `clock`. */
  readonly steadyClock?: Clock
  readonly random: Random
  readonly log: Log
  readonly store: BindingStore
  readonly accounts: Accounts
  readonly sites: Sites
  /** Addresses and names of this server beside the address a request reached: PHONEBOOT_HOST, local addresses. */
  readonly ownHosts: OwnHosts
  readonly policy?: Partial<RegistrarPolicy>
  /** Lifetime of a nonce (default 300). */
  readonly nonceSeconds?: number
  /** 32 secret bytes that sign nonces; default: random, so that a restart voids them (phones recover by stale). */
  readonly nonceKey?: Uint8Array
  /** Most transactions at a time (default 50,000). */
  readonly maxTransactions?: number
  /** Told of each binding that was registered, refreshed or is gone, once that is on disk. */
  readonly onChange?: (change: BindingChange) => void
  /** Told of a phone that asks to watch somebody, which nothing here answers with more than an error. */
  readonly onWatch?: (request: WatchRequest) => void
  readonly onRefused?: (refused: RefusedRegister) => void
  /** Limits for strangers; left out: none. */
  readonly guard?: RegistrarGuard
}

/** Whose bindings to drop: all of an extension, or those that a line registered. */
export interface BindingOwner {
  readonly extensionId?: Id
  readonly lineId?: Id
}
