import type { Clock, Millis } from '../domain/clock.js'
import type { Log } from './log.js'
import { Outage } from './outage.js'

export interface RoundsOptions {
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
  readonly everyMs: Millis
  /** What the log says when the work fails for the first time, and when it works again. */
  readonly fails: string
  readonly worksAgain: string
}

/**
 * Work that is looked after again and again, one round after another: a round never begins before the last one has ended.
 * One that fails is logged once, and tried again.
 */
export class Rounds {
  readonly #outage: Outage
  #cancel: () => void = () => undefined
  #round: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(
    private readonly options: RoundsOptions,
    private readonly work: () => Promise<void>,
  ) {
    this.#outage = new Outage(options.log, options)
  }

  /** To be asked by long work: then it leaves the rest for the next start. */
  get stopped(): boolean {
    return this.#stopped
  }

  start(): void {
    if (this.#stopped) return
    this.#cancel = this.options.clock.after(this.options.everyMs, () => {
      this.#round = this.once().then(() => this.start())
    })
  }

  /** A round now, whether or not they have begun. Never rejects. */
  async once(): Promise<void> {
    try {
      await this.work()
      this.#outage.worked()
    } catch (error) {
      this.failed(error)
    }
  }

  /** Something that belongs to the work, but not to a round, has failed. */
  failed(error: unknown): void {
    this.#outage.failed({ err: error })
  }

  /** Begins no other round, and waits for the one under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#round
  }
}
