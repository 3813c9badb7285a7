import type { Turns } from '../../src/domain/turns.js'

/** Others want their turn each time; counts how often somebody waited for them. */
export class CountedTurns {
  waited = 0

  readonly next: Turns = () =>
    new Promise((resolve) =>
      setImmediate(() => {
        this.waited += 1
        resolve()
      }),
    )
}
