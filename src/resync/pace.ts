import type { Clock } from '../domain/clock.js'

/** How fast phones are asked. */
export interface PaceLimits {
  /** At most so many are begun in a second. */
  readonly perSecond: number
  /** At most so many are under way. */
  readonly atOnce: number
}

/** A phone that fetches its files costs more than the NOTIFY: these keep the answers spread over time. */
export const PACE: PaceLimits = { perSecond: 50, atOnce: 500 }

/** Does one thing after another, spread evenly, and not too many at a time. */
export class Pace<T> {
  readonly #waiting: T[] = []
  readonly #gapMs: number
  #running = 0
  #cancel: (() => void) | undefined

  constructor(
    private readonly clock: Clock,
    private readonly limits: PaceLimits,
    /** Must not reject. */
    private readonly work: (item: T) => Promise<void>,
  ) {
    this.#gapMs = 1_000 / limits.perSecond
  }

  /** Those that wait or are under way. */
  get size(): number {
    return this.#waiting.length + this.#running
  }

  add(item: T): void {
    this.#waiting.push(item)
    this.#go()
  }

  /** Begins nothing more. */
  stop(): void {
    this.#waiting.length = 0
    this.#cancel?.()
  }

  #go(): void {
    if (this.#cancel || this.#running >= this.limits.atOnce) return
    const item = this.#waiting.shift()
    if (item === undefined) return
    this.#running += 1
    this.#cancel = this.clock.after(this.#gapMs, () => {
      this.#cancel = undefined
      this.#go()
    })
    void this.work(item).then(() => {
      this.#running -= 1
      this.#go()
    })
  }
}
