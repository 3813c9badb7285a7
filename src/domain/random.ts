/** Where randomness comes from. Injected, so that a test sees the same ids and secrets each time. */
export interface Random {
  bytes(count: number): Uint8Array
}

const POOL_BYTES = 16 * 1024

/** The same randomness, drawn in large pieces: asking the system for each id costs more than all else of what it is for. */
export function pooledRandom(random: Random): Random {
  let pool: Uint8Array = new Uint8Array(0)
  let at = 0
  return {
    bytes: (count) => {
      if (count > POOL_BYTES) return random.bytes(count)
      if (at + count > pool.length) {
        pool = random.bytes(POOL_BYTES)
        at = 0
      }
      at += count
      return pool.subarray(at - count, at)
    },
  }
}

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz'

/** `length` characters of Crockford's base32 in lower case: 5 bits each, no i, l, o, u. */
export function randomText(random: Random, length: number): string {
  return String.fromCharCode(...codesOf(random, length))
}

/** Joined at once: a text that grows by one character at a time is kept as a chain of its pieces, ten times as large. */
function codesOf(random: Random, length: number, codes: number[] = []): number[] {
  const bytes = random.bytes(length)
  for (let i = 0; i < length; i += 1) codes.push(CROCKFORD.charCodeAt((bytes[i] ?? 0) & 31))
  return codes
}

/** `length` decimal digits without bias (bytes of 250 and above are drawn again). */
export function randomDigits(random: Random, length: number): string {
  let digits = ''
  while (digits.length < length) {
    for (const byte of random.bytes(length * 2)) {
      if (byte < 250 && digits.length < length) digits += String(byte % 10)
    }
  }
  return digits
}

/**
 * A ULID in lower case: 48 bits of time, 80 random bits, sorts by time of creation.
 * Source: github.com/ulid/spec.
 */
export function newId(random: Random, nowMs: number): string {
  const time: number[] = []
  let rest = Math.floor(nowMs)
  for (let i = 0; i < 10; i += 1) {
    time.push(CROCKFORD.charCodeAt(rest % 32))
    rest = Math.floor(rest / 32)
  }
  return String.fromCharCode(...codesOf(random, 16, time.reverse()))
}

/** Letters and digits that nobody mistakes for one another when reading aloud or typing: no 0 O 1 l I o i. */
export const UNAMBIGUOUS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** `length` characters of `alphabet` (at most 256), each as likely as the others. */
export function randomFrom(random: Random, alphabet: string, length: number): string {
  const fair = 256 - (256 % alphabet.length)
  const codes: number[] = []
  while (codes.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < fair && codes.length < length) codes.push(alphabet.charCodeAt(byte % alphabet.length))
    }
  }
  return String.fromCharCode(...codes)
}
