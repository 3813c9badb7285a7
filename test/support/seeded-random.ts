import type { Random } from '../../src/domain/random.js'

/** Repeatable randomness for tests (mulberry32). */
export function seededRandom(seed = 1): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) & 255
  }
  return { bytes: (count) => Uint8Array.from({ length: count }, next) }
}
