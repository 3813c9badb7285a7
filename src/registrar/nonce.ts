import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Millis } from '../domain/clock.js'
import type { Random } from '../domain/random.js'
import type { DigestAlgorithm } from '../sip/digest.js'

const TIME_BYTES = 6
const RANDOM_BYTES = 6
const MAC_BYTES = 16
const NONCE_BYTES = TIME_BYTES + RANDOM_BYTES + MAC_BYTES
/** Counts may arrive in any order within so many below the highest one. */
const WINDOW = 64
/** A count that jumps further than this is not a phone that lost some packets. */
const MAX_JUMP = 256

/** What a nonce is worth. */
export type NonceState = 'good' | 'expired' | 'forged'

/**
 * Nonces that carry their own time and signature (RFC 7616 §3.3), so that a challenge costs no memory. They are
 * bound to realm and algorithm: an answer to the SHA-256 challenge cannot be swapped for the MD5 one.
 */
export class Nonces {
  /**
   * @param key secret of this server, 32 bytes; another key voids all nonces (phones recover by stale=true)
   * @param lifetimeSeconds how long a nonce may be used
   */
  constructor(
    private readonly key: Uint8Array,
    private readonly random: Random,
    private readonly lifetimeSeconds: number,
  ) {}

  issue(now: Millis, realm: string, algorithm: DigestAlgorithm): string {
    const head = Buffer.alloc(TIME_BYTES + RANDOM_BYTES)
    head.writeUIntBE(Math.max(0, Math.floor(now)), 0, TIME_BYTES)
    head.set(this.random.bytes(RANDOM_BYTES), TIME_BYTES)
    return Buffer.concat([head, this.#sign(head, realm, algorithm)]).toString('base64url')
  }

  /** The signature is looked at first. A nonce from the future (the clock went back) counts as expired. */
  check(nonce: string, now: Millis, realm: string, algorithm: DigestAlgorithm): NonceState {
    const octets = Buffer.from(nonce, 'base64url')
    if (octets.length !== NONCE_BYTES || octets.toString('base64url') !== nonce) return 'forged'
    const head = octets.subarray(0, TIME_BYTES + RANDOM_BYTES)
    const mac = octets.subarray(TIME_BYTES + RANDOM_BYTES)
    if (!timingSafeEqual(mac, this.#sign(head, realm, algorithm))) return 'forged'
    const age = now - head.readUIntBE(0, TIME_BYTES)
    return age >= 0 && age < this.lifetimeSeconds * 1_000 ? 'good' : 'expired'
  }

  /** When a good nonce was issued. */
  issuedAt(nonce: string): Millis {
    return Buffer.from(nonce, 'base64url').readUIntBE(0, TIME_BYTES)
  }

  /** A keyed text that strangers cannot foretell: To tags, and the HA1 of users that do not exist. Hex. */
  keyed(purpose: string, text: string, length: number): string {
    return createHmac('sha256', this.key).update(`${purpose}\0${text}`, 'latin1').digest('hex').slice(0, length)
  }

  #sign(head: Uint8Array, realm: string, algorithm: DigestAlgorithm): Buffer {
    const mac = createHmac('sha256', this.key).update(head).update(`nonce\0${algorithm}\0${realm}`, 'utf8').digest()
    return mac.subarray(0, MAC_BYTES)
  }
}

interface Uses {
  readonly issuedAt: Millis
  highest: number
  /** Bit i: count `highest - i` was used. */
  seen: bigint
}

/**
 * [RFC7616-3.4] Which counts (nc) of which nonces were used: the same one twice is a replay. Only nonces with a
 * right answer get here, so strangers cannot fill it. Memory is bounded; what had to be forgotten early counts as
 * used, which costs its phone one more challenge.
 */
export class NonceCounts {
  readonly #uses = new Map<string, Uses>()
  /** Nonces issued up to this time may have been forgotten. */
  #forgottenUpTo: Millis = -1

  /** @param limit most nonces remembered */
  constructor(
    private readonly limit: number,
    private readonly lifetimeSeconds: number,
  ) {}

  get size(): number {
    return this.#uses.size
  }

  /** Marks a count as used. Returns false when it was used before, or nobody can tell. */
  use(nonce: string, issuedAt: Millis, count: number, now: Millis): boolean {
    if (count < 1) return false
    const known = this.#uses.get(nonce)
    if (!known) {
      if (issuedAt <= this.#forgottenUpTo || count > MAX_JUMP) return false
      this.#makeRoom(now)
      this.#uses.set(nonce, { issuedAt, highest: count, seen: 1n })
      return true
    }
    const ahead = count - known.highest
    if (ahead > MAX_JUMP || ahead <= -WINDOW) return false
    if (ahead > 0) {
      known.seen = BigInt.asUintN(WINDOW, (known.seen << BigInt(ahead)) | 1n)
      known.highest = count
      return true
    }
    const bit = 1n << BigInt(-ahead)
    if ((known.seen & bit) !== 0n) return false
    known.seen |= bit
    return true
  }

  #makeRoom(now: Millis): void {
    for (const [nonce, uses] of this.#uses) {
      const age = now - uses.issuedAt
      // One from the future (the clock went back) is refused by `check`: kept, it would void all that are issued now.
      const expired = age < 0 || age >= this.lifetimeSeconds * 1_000
      if (!expired && this.#uses.size < this.limit) return
      if (!expired) this.#forgottenUpTo = Math.max(this.#forgottenUpTo, uses.issuedAt)
      this.#uses.delete(nonce)
    }
  }
}
