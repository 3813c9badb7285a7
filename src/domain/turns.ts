import type { Clock } from './clock.js'

/** Long work gives others a turn: awaited between pieces of it, it goes on at once until the time is over. */
export type Turns = () => Promise<void> | undefined

/**
 * @param sliceMs how long the work may go on
 * @param pause lets others have a turn
 */
export function takeTurns(clock: Pick<Clock, 'now'>, pause: () => Promise<void>, sliceMs = 10): Turns {
  let since = clock.now()
  return () => {
    const now = clock.now()
    // The clock may have been set back.
    if (now >= since && now - since < sliceMs) return undefined
    return pause().then(() => {
      since = clock.now()
    })
  }
}

/** Nobody has to wait. */
export const AT_ONCE: Turns = () => undefined

/** Items used between two looks at the clock. */
const STRIDE = 20

/** Uses each item; others have their turn before the first and in between. */
export async function inTurns<T>(items: Iterable<T>, turns: Turns, use: (item: T) => void): Promise<void> {
  let used = 0
  for (const item of items) {
    if (used++ % STRIDE === 0) {
      const turn = turns()
      if (turn) await turn
    }
    use(item)
  }
}

/** Those of many that fit; others have their turn meanwhile. */
export async function filterInTurns<T>(all: Iterable<T>, turns: Turns, fits: (one: T) => boolean): Promise<T[]> {
  const found: T[] = []
  await inTurns(all, turns, (one) => {
    if (fits(one)) found.push(one)
  })
  return found
}
