import type { Log, LogFields } from './log.js'

/** Says once that something fails and once that it works again, however often it is tried meanwhile. */
export class Outage {
  #failing = false

  constructor(
    private readonly log: Log,
    private readonly words: { readonly fails: string; readonly worksAgain: string },
  ) {}

  failed(fields: LogFields): void {
    if (!this.#failing) this.log.warn(fields, this.words.fails)
    this.#failing = true
  }

  worked(fields: LogFields = {}): void {
    if (this.#failing) this.log.info(fields, this.words.worksAgain)
    this.#failing = false
  }
}
