import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'

/** How long somebody who was deleted can come back. */
export const RESTORABLE_MS = 90 * 24 * 3_600_000

/** Somebody who was deleted and can come back. */
export interface RemovedExtension {
  readonly id: Id
  readonly number: string
  readonly displayName: string
  readonly removedAt: Millis
  readonly removedBy: string
}

/** What came back, and what could not: places that others have taken meanwhile. */
export interface Restored {
  readonly number: string
  readonly missing: readonly string[]
}

/** Fields of a person that make him this one: a copy begins without them. */
export const OWN_FIELDS: readonly string[] = [
  'firstName',
  'lastName',
  'mobileNumber',
  'clientLoginName',
  'callerIdName',
  'callerIdNumber',
  'callerIdByTrunk',
  'voicemailName',
  'voicemailPin',
  'voicemailEmail',
  'didNumber',
  'agentNumber',
  'followMe',
]

/** Settings that hold a number calls go to. */
export const FORWARDS: readonly string[] = ['forwardAlways', 'forwardBusy', 'forwardNoAnswer', 'forwardUnavailable']
