/** Where randomness comes from. Injected, so that a test sees the same ids and secrets each time. */
export interface Random {
  bytes(count: number): Uint8Array
}

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz'

/** `length` characters of Crockford's base32 in lower case: 5 bits each, no i, l, o, u. */
export function randomText(random: Random, length: number): string {
  let text = ''
  for (const byte of random.bytes(length)) text += CROCKFORD.charAt(byte & 31)
  return text
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
  let time = ''
  let rest = Math.floor(nowMs)
  for (let i = 0; i < 10; i += 1) {
    time = (CROCKFORD[rest % 32] ?? '0') + time
    rest = Math.floor(rest / 32)
  }
  return time + randomText(random, 16)
}

/** Letters and digits that nobody mistakes for one another when reading aloud or typing: no 0 O 1 l I o i. */
export const UNAMBIGUOUS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** `length` characters of `alphabet` (at most 256), each as likely as the others. */
export function randomFrom(random: Random, alphabet: string, length: number): string {
  const fair = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < fair && text.length < length) text += alphabet.charAt(byte % alphabet.length)
    }
  }
  return text
}
