import type { Millis } from '../domain/clock.js'
import type { Mac } from '../domain/mac-address.js'

/** Why a simulated phone did not come up. */
export const FAILURE_KINDS = [
  'no-answer',
  'unavailable',
  'not-found',
  'unreadable',
  'no-active-account',
  'register-refused',
  'register-timeout',
] as const
export type FailureKind = (typeof FAILURE_KINDS)[number]

/** `off`: waits for its turn in the spread; `waiting`: pauses before it asks again. */
export type PhoneState = 'off' | 'fetching' | 'waiting' | 'registering' | 'registered' | 'failed'

/** Where one phone stands; replaced as a whole whenever something happens. */
export interface PhoneProgress {
  readonly mac: Mac
  readonly model: string
  readonly transport: 'http' | 'tftp'
  readonly localAddress?: string
  readonly state: PhoneState
  /** File being fetched, user being registered, or what failed; '' else. Never a secret. */
  readonly detail: string
  readonly poweredOnAt?: Millis
  /** Users of the accounts that are registered now. */
  readonly registered: readonly string[]
  /** Power-on to the last account's 200, in milliseconds. */
  readonly registeredAfterMs?: number
  /** Slowest REGISTER of its accounts, from the first one sent to its 200, in milliseconds. */
  readonly registerLatencyMs?: number
  readonly failure?: FailureKind
}
