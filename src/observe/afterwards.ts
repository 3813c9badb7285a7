import type { Clock, Millis } from '../domain/clock.js'
import type { Log } from './log.js'

/** Long enough that the next question of whoever asks one after the other does not wait for what the last one left. */
const GATHER_MS = 25
/** Of more that wait, the first are done at once: memory is bounded, and nothing is lost. */
const MOST_WAITING = 10_000

/**
 * What is done about answers a moment after them, for many at once: so the time of an answer, or of the one after it,
 * does not tell what there was to do, and thereby whether the phone or user that was asked for exists.
 */
export class Afterwards<Item> {
  #waiting: Item[] = []
  #cancel: (() => void) | undefined

  /** @param work done for each item, in their order; one that fails is logged, and the next has its turn */
  constructor(
    private readonly parts: { clock: Pick<Clock, 'after'>; log: Log; gatherMs?: Millis },
    private readonly work: (item: Item) => void,
  ) {}

  add(item: Item): void {
    this.#waiting.push(item)
    if (this.#waiting.length >= MOST_WAITING) this.flush()
    else this.#cancel ??= this.parts.clock.after(this.parts.gatherMs ?? GATHER_MS, () => this.flush())
  }

  /** Does now what waits. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    const items = this.#waiting
    this.#waiting = []
    for (const item of items) {
      try {
        this.work(item)
      } catch (error) {
        this.parts.log.error({ err: error }, 'what was to be done after an answer failed')
      }
    }
  }
}
