import { randomBytes } from 'node:crypto'
import type { Random } from '../random.js'

/** Randomness of the operating system. */
export const systemRandom: Random = { bytes: (count) => randomBytes(count) }
