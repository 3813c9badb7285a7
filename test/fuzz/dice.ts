import type { Random } from '../../src/domain/random.js'

/** Choices out of a seeded source of bytes. */
export class Dice {
  constructor(private readonly random: Random) {}

  bytes(count: number): Buffer {
    return Buffer.from(this.random.bytes(count))
  }

  /** 0 to `limit` - 1; `limit` up to 2^24. */
  below(limit: number): number {
    const [a = 0, b = 0, c = 0] = this.random.bytes(3)
    return (a * 65_536 + b * 256 + c) % limit
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
}
