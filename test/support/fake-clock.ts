import type { Clock, Millis } from '../../src/domain/clock.js'

/** A clock that stands still until told; timers run in order of their due time. */
export class FakeClock implements Clock {
  #now: Millis
  #jumped = 0
  #timers: { at: Millis; run: () => void }[] = []

  constructor(startMs: Millis = 1_750_000_000_000) {
    this.#now = startMs
  }

  /** Runs with this clock and does not jump. */
  readonly steady: Clock = {
    now: () => this.#now - this.#jumped,
    after: (delayMs, run) => this.after(delayMs, run),
  }

  now(): Millis {
    return this.#now
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + delayMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Timers that have not run yet: a finished test should leave 0. */
  get pending(): number {
    return this.#timers.length
  }

  /** Somebody sets the clock: timers under way take as long as they would have. */
  jump(ms: number): void {
    this.#now += ms
    this.#jumped += ms
    for (const timer of this.#timers) timer.at += ms
  }

  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
    }
    this.#now = until
  }
}
