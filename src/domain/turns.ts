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

/** Those of many that fit; others have their turn meanwhile. */
export async function filterInTurns<T>(all: Iterable<T>, turns: Turns, fits: (one: T) => boolean): Promise<T[]> {
  const found: T[] = []
  for (const one of all) {
    const turn = turns()
    if (turn) await turn
    if (fits(one)) found.push(one)
  }
  return found
}
