import type { Millis } from '../domain/clock.js'
import type { Id, Outcome, ProvisioningEvent } from '../domain/entities.js'

/** An answer given again within this time of the first is only counted, in milliseconds. */
export const REPEAT_MS = 60_000
/** Answers remembered at most; what does not fit is an event of its own. */
const MOST_REMEMBERED = 50_000

/** Phones ask again for what they have; a refusal or a failure is never only counted. */
const COUNTED: ReadonlySet<Outcome> = new Set(['served', 'not-modified', 'expected-miss', 'cleared'])

/** The first of its kind, which was handed on, and what came after: only what may differ, so that events are let go at once. */
interface Repeated {
  readonly first: ProvisioningEvent
  lastAt: Millis
  lastMicros: number
  /** Requests after the first. */
  times: number
}

/**
 * Keeps a phone's timeline readable and cheap: a request is handed on at once, the same request with the same answer
 * within a minute is counted and handed on as one event with `times` when the minute is over. Whatever differs (another
 * outcome, other bytes, address, firmware) is handed on at once.
 */
export class RepeatedEvents {
  /** In order of `first`. */
  readonly #known = new Map<string, Repeated>()

  /** Takes an event; calls `handOn` for each that is to be written now. */
  take(event: ProvisioningEvent, handOn: (event: ProvisioningEvent) => void): void {
    if (event.deviceId === undefined || !COUNTED.has(event.outcome)) return handOn(event)
    const key = keyOf(event, event.deviceId)
    const known = this.#known.get(key)
    if (known) {
      const age = event.at - known.first.at
      if (age >= 0 && age < REPEAT_MS && isSame(known.first, event)) {
        known.lastAt = event.at
        known.lastMicros = event.micros
        known.times += 1
        return
      }
      this.#known.delete(key)
      tell(known, handOn)
    }
    handOn(event)
    if (this.#known.size < MOST_REMEMBERED) {
      this.#known.set(key, { first: event, lastAt: event.at, lastMicros: event.micros, times: 0 })
    }
  }

  /** Hands on what was counted and is a minute old at `now`; without `now`, all of it. */
  release(handOn: (event: ProvisioningEvent) => void, now: Millis = Infinity): void {
    for (const [key, known] of this.#known) {
      const age = now - known.first.at
      // A clock that was set back would hold everything up.
      if (age >= 0 && age < REPEAT_MS) return
      this.#known.delete(key)
      tell(known, handOn)
    }
  }

  /** True while something is counted that was not handed on. */
  get pending(): boolean {
    for (const { times } of this.#known.values()) if (times > 0) return true
    return false
  }
}

function tell({ first, lastAt, lastMicros, times }: Repeated, handOn: (event: ProvisioningEvent) => void): void {
  if (times > 0) handOn({ ...first, at: lastAt, micros: lastMicros, ...(times > 1 ? { times } : {}) })
}

/** A path with the MAC address of the phone in it needs nothing more: as it is, it costs no work to look it up. */
function keyOf({ path, mac }: ProvisioningEvent, deviceId: Id): string {
  return mac !== undefined && path.includes(mac) ? path : deviceId + path
}

/** All but time and duration: the same answer to the same phone. */
function isSame(a: ProvisioningEvent, b: ProvisioningEvent): boolean {
  return (
    a.deviceId === b.deviceId &&
    a.outcome === b.outcome &&
    a.status === b.status &&
    a.sha256 === b.sha256 &&
    a.peer === b.peer &&
    a.transport === b.transport &&
    a.userAgent === b.userAgent &&
    a.mac === b.mac &&
    a.bytes === b.bytes &&
    a.reason === b.reason
  )
}
