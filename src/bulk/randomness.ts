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

/** Numbers in order: ids of a preview need to differ from each other, and nothing of them is kept. */
export function countingRandom(): Random {
  let count = 0
  return {
    bytes: (length) => {
      count += 1
      const bytes = new Uint8Array(length)
      for (let rest = count, at = 0; rest > 0 && at < length; at += 1, rest = Math.floor(rest / 32))
        bytes[at] = rest % 32
      return bytes
    },
  }
}
