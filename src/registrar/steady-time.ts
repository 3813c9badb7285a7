import type { Clock, Millis } from '../domain/clock.js'

/** Differences between the two clocks below this are no jump, in milliseconds. */
const TOLERANCE_MS = 1_000

/**
 * Time as it passes. It begins at the date of the start and goes on by a clock that nobody can set: what was granted
 * for an hour lasts an hour, wherever the date jumps meanwhile. Dates on disk and for people are those of the wall.
 */
export class SteadyTime implements Clock {
  readonly #began: Millis

  /**
   * @param wall the machine's date
   * @param steady counts from anywhere and never jumps
   */
  constructor(
    private readonly wall: Clock,
    private readonly steady: Clock,
  ) {
    this.#began = wall.now() - steady.now()
  }

  now(): Millis {
    return Math.round(this.#began + this.steady.now())
  }

  after(delayMs: number, run: () => void): () => void {
    return this.steady.after(delayMs, run)
  }

  /** What to add to a time of this clock for the date that people see; 0 until the date was changed. */
  get wallOffset(): Millis {
    const offset = this.wall.now() - this.now()
    return Math.abs(offset) < TOLERANCE_MS ? 0 : offset
  }
}
