import type { Clock, Millis } from './clock.js'

/** For so long a time must have been shown before it is believed, in milliseconds of the steady clock. */
const BELIEVED_AFTER_MS = 6 * 3_600_000
/** Further ahead of what is believed the clock has jumped. */
const AHEAD_MS = 24 * 3_600_000

/**
 * The time for deciding what is old enough to be deleted: the earliest that the machine's clock has shown in the last
 * six hours, so that a clock set a year ahead by mistake deletes nothing before somebody had the time to notice. Until
 * it has looked for six hours nothing is old: a machine may start with a wrong date.
 */
export class PatientTime {
  #seen: { steady: Millis; shown: Millis }[] = []

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly steady: Pick<Clock, 'now'>,
  ) {}

  /** Looks at the clock; to be asked every hour or so. True: what it shows can be believed. */
  isBelieved(): boolean {
    return this.clock.now() - this.now() < AHEAD_MS
  }

  /** Looks at the clock, too, and tells the time that is believed. */
  now(): Millis {
    const steady = this.steady.now()
    this.#seen.push({ steady, shown: this.clock.now() })
    const isOld = (one: { steady: Millis }): boolean => steady - one.steady >= BELIEVED_AFTER_MS
    // One that is old enough stays: it tells how long was looked.
    while (this.#seen[1] && isOld(this.#seen[1])) this.#seen.shift()
    const [first] = this.#seen
    if (!first || !isOld(first)) return 0
    return Math.min(...this.#seen.map(({ shown }) => shown))
  }
}
