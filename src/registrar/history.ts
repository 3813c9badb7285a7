import type { Millis } from '../domain/clock.js'
import type { Binding, Id } from '../domain/entities.js'
import type { BindingChange } from './store.js'
import type { WatchRequest } from './watching.js'

/** Something that a phone's registration went through. */
export interface RegisterStep {
  readonly at: Millis
  readonly kind: 'registered' | 'unregistered' | 'expired' | 'replaced' | 'revoked' | 'refused' | 'subscribed'
  /** Source, `ip:port`. */
  readonly received: string
  readonly transport?: Binding['transport']
  /** Line that it was for. */
  readonly lineId?: Id
  readonly userAgent?: string
  /** Why it was refused. */
  readonly reason?: string
  /** Whom it asked to watch, and what it was answered. */
  readonly targets?: readonly string[]
  readonly status?: number
  /** The same again since: how often in all, and when last. */
  readonly times?: number
  readonly lastAt?: Millis
}

/** A phone that flaps fills its own list only. */
const STEPS_EACH = 12
const PHONES_MOST = 20_000
const TARGETS_MOST = 200

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** What phones' registrations went through since the start, the last steps of each; refreshes are none. */
export class RegisterHistory {
  readonly #steps = new Map<Id, readonly RegisterStep[]>()

  /** A binding of this phone was made or is gone. */
  changed(deviceId: Id, change: BindingChange, at: Millis): void {
    if (change.kind === 'save' && change.event === 'refreshed') return
    const { received, transport, lineId, userAgent } = change.binding
    const kind = change.kind === 'save' ? 'registered' : change.reason
    // Each phone has one at least: put together by spreading, an object takes three times as much.
    const step: Writable<RegisterStep> = { at, kind, received, transport }
    if (lineId !== undefined) step.lineId = lineId
    if (userAgent !== undefined) step.userAgent = userAgent
    this.#add(deviceId, step)
  }

  /** Somebody tried to register as this phone, and could not prove it. */
  refused(deviceId: Id, received: string, reason: string, at: Millis): void {
    const steps = this.#steps.get(deviceId) ?? []
    const last = steps.at(-1)
    if (last?.kind === 'refused' && last.received === received && last.reason === reason) {
      this.#steps.set(deviceId, steps.with(-1, { ...last, times: (last.times ?? 1) + 1, lastAt: at }))
    } else this.#add(deviceId, { at, kind: 'refused', received, reason })
  }

  /** It asked to watch somebody. Phones ask for each key and again and again: one step, with all whom it asked for. */
  watched(deviceId: Id, { binding, target, status }: WatchRequest, at: Millis): void {
    const { received, transport, lineId } = binding
    const steps = this.#steps.get(deviceId) ?? []
    const before = steps.find((one) => one.kind === 'subscribed' && one.status === status)
    if (before) {
      this.#steps.set(
        deviceId,
        steps.filter((one) => one !== before),
      )
    }
    const known = before?.targets ?? []
    this.#add(deviceId, {
      ...{ at, kind: 'subscribed', received, transport, status },
      ...(lineId === undefined ? {} : { lineId }),
      targets: known.includes(target) || known.length >= TARGETS_MOST ? known : [...known, target],
      ...(before ? { times: (before.times ?? 1) + 1 } : {}),
    })
  }

  /** The newest first. */
  of(deviceId: Id): RegisterStep[] {
    return [...(this.#steps.get(deviceId) ?? [])].reverse()
  }

  #add(deviceId: Id, step: RegisterStep): void {
    const before = this.#steps.get(deviceId)
    // Set anew: the first of a map is the one set longest ago.
    this.#steps.delete(deviceId)
    // A list that is pushed to keeps room for sixteen.
    this.#steps.set(deviceId, before ? before.slice(1 - STEPS_EACH).concat(step) : [step])
    const [oldest] = this.#steps.keys()
    if (this.#steps.size > PHONES_MOST && oldest !== undefined) this.#steps.delete(oldest)
  }
}
