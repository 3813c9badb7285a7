import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'
import { AppError } from '../../domain/errors.js'
import type { PasswordHasher } from '../use-cases.js'

/** OWASP's setting: 32 MiB and about a quarter of a second for each hash. */
const STRENGTH = { cost: 15, blockSize: 8, parallelization: 3 }
const MAX_MEMORY = 256 * 1024 * 1024
const SALT_BYTES = 16
const HASH_BYTES = 32
/** The thread pool has four threads, and the database needs them too. */
const AT_ONCE = 2
const WAITING_MAX = 50

/** Hashes as `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`; parameters of a stored hash are its own. */
export function createScryptHasher(strength = STRENGTH): PasswordHasher {
  const turn = turns()
  const derive = (password: string, salt: Buffer, { cost, blockSize, parallelization }: typeof STRENGTH) =>
    turn(
      () =>
        new Promise<Buffer>((resolve, reject) => {
          const options: ScryptOptions = { N: 2 ** cost, r: blockSize, p: parallelization, maxmem: MAX_MEMORY }
          scrypt(password.normalize('NFC'), salt, HASH_BYTES, options, (error, hash) =>
            error ? reject(error) : resolve(hash),
          )
        }),
    )
  return {
    hash: async (password) => {
      const salt = randomBytes(SALT_BYTES)
      const hash = await derive(password, salt, strength)
      const { cost, blockSize, parallelization } = strength
      return ['scrypt', cost, blockSize, parallelization, salt.toString('base64'), hash.toString('base64')].join('$')
    },
    verify: async (password, stored) => {
      const [kind, cost, blockSize, parallelization, salt, hash] = stored.split('$')
      if (kind !== 'scrypt' || !salt || !hash) return false
      const expected = Buffer.from(hash, 'base64')
      const numbers = { cost: Number(cost), blockSize: Number(blockSize), parallelization: Number(parallelization) }
      const found = await derive(password, Buffer.from(salt, 'base64'), numbers)
      return expected.length === found.length && timingSafeEqual(expected, found)
    },
  }
}

/** Lets AT_ONCE pieces of work run, the rest wait; beyond WAITING_MAX they are refused. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running >= AT_ONCE) {
      if (waiting.length >= WAITING_MAX) {
        throw new AppError('TOO_MANY_ATTEMPTS', 'too many sign-ins at once', { retryAfterSeconds: 5 })
      }
      // Whoever ends hands its place over, so that nobody slips in between.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
