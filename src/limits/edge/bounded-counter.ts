import { LRUCache } from 'lru-cache'
import { RateLimiterMemory } from 'rate-limiter-flexible'

/**
 * Counts points by key and window, for a bounded number of keys: a flood of forged sources pushes out the oldest ones,
 * and memory stays flat.
 */
export class BoundedCounter {
  readonly #limiter: RateLimiterMemory
  /** The limiter alone would keep every key, with a timer each, until its window ends. */
  readonly #keys: LRUCache<string, true>

  constructor({ windowMs, keys }: { windowMs: number; keys: number }) {
    // Whether the points are too many is for the caller to say: it depends on who lives at the source.
    this.#limiter = new RateLimiterMemory({
      points: Number.MAX_SAFE_INTEGER,
      duration: windowMs / 1_000,
      keyPrefix: '',
    })
    this.#keys = new LRUCache({ max: keys, dispose: (_known, key) => void this.#limiter.delete(key) })
  }

  get size(): number {
    return this.#keys.size
  }

  /** Adds points. @returns the sum in this window, before anything that comes in later is looked at */
  async add(key: string, points: number): Promise<number> {
    this.#keys.set(key, true)
    return (await this.#limiter.penalty(key, points)).consumedPoints
  }

  forget(key: string): void {
    this.#keys.delete(key)
  }

  /** Forgets all, and the timers of their windows. */
  clear(): void {
    this.#keys.clear()
  }
}
