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

/** What phones' registrations went through since the start, the last steps of each; refreshes are none. */
export class RegisterHistory {
  readonly #steps = new Map<Id, RegisterStep[]>()

  /** A binding of this phone was made or is gone. */
  changed(deviceId: Id, change: BindingChange, at: Millis): void {
    const { received, transport, lineId, userAgent } = change.binding
    if (change.kind === 'save' && change.event === 'refreshed') return
    this.#add(deviceId, {
      ...{ at, received, transport },
      kind: change.kind === 'save' ? 'registered' : change.reason,
      ...(lineId === undefined ? {} : { lineId }),
      ...(userAgent === undefined ? {} : { userAgent }),
    })
  }

  /** Somebody tried to register as this phone, and could not prove it. */
  refused(deviceId: Id, received: string, reason: string, at: Millis): void {
    const last = this.#steps.get(deviceId)?.at(-1)
    if (last?.kind === 'refused' && last.received === received && last.reason === reason) {
      this.#steps.get(deviceId)?.splice(-1, 1, { ...last, times: (last.times ?? 1) + 1, lastAt: at })
    } else this.#add(deviceId, { at, kind: 'refused', received, reason })
  }

  /** It asked to watch somebody. Phones ask for each key and again and again: one step, with all whom it asked for. */
  watched(deviceId: Id, { binding, target, status }: WatchRequest, at: Millis): void {
    const steps = this.#steps.get(deviceId)
    const { received, transport, lineId } = binding
    const index = steps?.findIndex((one) => one.kind === 'subscribed' && one.status === status) ?? -1
    const before = index < 0 ? undefined : steps?.splice(index, 1)[0]
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
    const steps = this.#steps.get(deviceId) ?? []
    steps.push(step)
    if (steps.length > STEPS_EACH) steps.shift()
    // Set anew: the first of a map is the one set longest ago.
    this.#steps.delete(deviceId)
    this.#steps.set(deviceId, steps)
    const [oldest] = this.#steps.keys()
    if (this.#steps.size > PHONES_MOST && oldest !== undefined) this.#steps.delete(oldest)
  }
}
