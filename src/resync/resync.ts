import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'

/** What a phone is asked to do: look for a new config, or restart. */
export const RESYNC_KINDS = ['resync', 'reboot'] as const
export type ResyncKind = (typeof RESYNC_KINDS)[number]

/**
 * What came of it. `heard`: the phone said 200, which promises nothing yet: the proof is that it fetches its file.
 * `refused`: it answered something else. `unanswered`: no answer in 32 s. `not-registered`: no way to it is known.
 * `unreachable`: its connection or our address is gone. `expired`: no server took it up in time.
 */
export const RESYNC_OUTCOMES = ['heard', 'refused', 'unanswered', 'not-registered', 'unreachable', 'expired'] as const
export type ResyncOutcome = (typeof RESYNC_OUTCOMES)[number]

/** How one NOTIFY ended. */
export interface ResyncResult {
  readonly outcome: ResyncOutcome
  /** SIP status of the final answer. */
  readonly status?: number
  /** Why, in words for people. */
  readonly reason?: string
  /** Value of the Event header that was sent. */
  readonly event?: string
  /** Where it was sent, `ip:port`. */
  readonly sentTo?: string
}

/** Somebody's wish that a phone looks for a new config or restarts, and what came of it. */
export interface ResyncRequest extends Partial<ResyncResult> {
  readonly id: Id
  readonly deviceId: Id
  readonly mac: Mac
  readonly kind: ResyncKind
  /** As in the audit log: `cli:anna`. */
  readonly requestedBy: string
  /** When it is to be done: at once, or at a time that is ahead. */
  readonly requestedAt: Millis
  /** Absent while it is under way. */
  readonly finishedAt?: Millis
}

/** Not taken up by a server for so long, a wish is let go: nobody wants a phone to restart hours later. */
export const RESYNC_LASTS_MS = 600_000
