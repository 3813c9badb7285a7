import type { Log } from '../observe/log.js'

/** Undone in reverse order, also when a later step of the start fails. */
export class Undo {
  readonly #steps: (() => Promise<unknown> | unknown)[] = []

  add(step: () => Promise<unknown> | unknown): void {
    this.#steps.unshift(step)
  }

  async run(log: Log): Promise<void> {
    for (const step of this.#steps.splice(0)) {
      try {
        await step()
      } catch (error) {
        log.error({ err: error }, 'a part of the server did not stop cleanly')
      }
    }
  }
}
