import type { Clock, Millis } from './clock.js'

/** Says once in a while that it is time again, however the clock is set meanwhile. */
export class Every {
  #last: Millis

  /** The first time is `everyMs` from now. */
  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly everyMs: Millis,
  ) {
    this.#last = clock.now()
  }

  /** True when it is time; asked again, it is not until the next one. */
  isDue(): boolean {
    const now = this.clock.now()
    // The clock may have been set back.
    if (Math.abs(now - this.#last) < this.everyMs) return false
    this.#last = now
    return true
  }
}
