import type { Random } from '../domain/random.js'

const POOL = 16 * 1024

/** The same randomness, drawn in large pieces: asking the system for each id costs more than all else of a plan. */
export function pooledRandom(random: Random): Random {
  let pool: Uint8Array = new Uint8Array(0)
  let at = 0
  return {
    bytes: (count) => {
      if (count > POOL) return random.bytes(count)
      if (at + count > pool.length) {
        pool = random.bytes(POOL)
        at = 0
      }
      at += count
      return pool.subarray(at - count, at)
    },
  }
}
