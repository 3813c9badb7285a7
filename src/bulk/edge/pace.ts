import { setImmediate } from 'node:timers/promises'
import type { Pace } from '../pace.js'

/** Work goes on at most this long before others have their turn. */
const SLICE_MS = 8

/** Gives way to whatever waits, such as phones; `check` may throw to end the work. */
export function createPace(check: () => void = () => undefined): Pace {
  let began = performance.now()
  return async () => {
    if (performance.now() - began < SLICE_MS) return
    check()
    await setImmediate()
    began = performance.now()
  }
}
