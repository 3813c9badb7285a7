import { hash, timingSafeEqual } from 'node:crypto'
import type { Millis } from '../domain/clock.js'
import type { Random } from '../domain/random.js'

const TIME_DIGITS = 12
const SERIAL_DIGITS = 8
/** Whom it was sent to. */
const ADDRESS_DIGITS = 8
const HEAD_DIGITS = TIME_DIGITS + SERIAL_DIGITS + ADDRESS_DIGITS
const MAC_DIGITS = 24
/** Longest keyed text: half of a SHA-256. */
const KEYED_DIGITS = 32
const SHAPE = new RegExp(`^[0-9a-f]{${HEAD_DIGITS + MAC_DIGITS}}$`)
/** Serial numbers begin again after so many: days later, at any load. */
const SERIALS = 2 ** 31
/** Counts may arrive in any order within so many below the highest one. */
const WINDOW = 64
/** A count that jumps further than this is not a phone that lost some packets. */
const MAX_JUMP = 256

/** What a nonce is worth. */
export type NonceState = 'good' | 'expired' | 'forged'

const digits = (value: number, length: number): string => value.toString(16).padStart(length, '0')
/** Digits that hold 32 bits: writing a larger number in hex is slow. */
const LOW = 2 ** 32
const LOW_DIGITS = 8

/**
 * Nonces that carry their own time and signature (RFC 7616 §3.3), so that a challenge costs no memory: time, serial
 * number and the address it is sent to (keyed), then a MAC over them and the realm, all hex. One nonce stands in the
 * challenges of all algorithms. It is good from any address; `wasSentTo` tells whether a UDP source is real.
 */
export class Nonces {
  /** An HA1 that nobody has, for users that do not exist: 64 hex digits. */
  readonly nobody: string
  readonly #key: string
  #serial: number

  /**
   * @param key secret of this server, 32 bytes; another key voids all nonces (phones recover by stale=true)
   * @param lifetimeSeconds how long a nonce may be used
   */
  constructor(
    key: Uint8Array,
    random: Random,
    private readonly lifetimeSeconds: number,
  ) {
    this.#key = Buffer.from(key).toString('hex')
    this.nobody = Buffer.from(random.bytes(32)).toString('hex')
    this.#serial = Buffer.from(random.bytes(4)).readUInt32BE(0) % SERIALS
  }

  /** @param address of the phone that is challenged */
  issue(now: Millis, realm: string, address: string): string {
    this.#serial = (this.#serial + 1) % SERIALS
    const ms = Math.max(0, Math.floor(now))
    const time = digits(Math.floor(ms / LOW), TIME_DIGITS - LOW_DIGITS) + digits(ms % LOW, LOW_DIGITS)
    const start = time + digits(this.#serial, SERIAL_DIGITS)
    const head = start + this.#addressee(start, address)
    return head + this.#sign(head, realm)
  }

  /** Did this address get this nonce from us? Then somebody there hears us, and its address is not forged. */
  wasSentTo(address: string, nonce: string, realm: string): boolean {
    if (!this.#isSigned(nonce, realm)) return false
    const start = nonce.slice(0, TIME_DIGITS + SERIAL_DIGITS)
    return nonce.slice(start.length, HEAD_DIGITS) === this.#addressee(start, address)
  }

  /** The signature is looked at first. A nonce from the future (the clock went back) counts as expired. */
  check(nonce: string, now: Millis, realm: string): NonceState {
    if (!this.#isSigned(nonce, realm)) return 'forged'
    const age = now - this.issuedAt(nonce)
    return age >= 0 && age < this.lifetimeSeconds * 1_000 ? 'good' : 'expired'
  }

  /** When a good nonce was issued. */
  issuedAt(nonce: string): Millis {
    return Number.parseInt(nonce.slice(0, TIME_DIGITS), 16)
  }

  /** Tells a good nonce from all others of its lifetime. */
  serial(nonce: string): number {
    return Number.parseInt(nonce.slice(TIME_DIGITS, TIME_DIGITS + SERIAL_DIGITS), 16)
  }

  /**
   * At most 32 hex digits that strangers cannot foretell: To tags, signatures. SHA-256 over key and text with half of
   * the result cut off is a MAC: nothing can be appended without the half that nobody sees.
   */
  keyed(purpose: string, text: string, length: number): string {
    return hash('sha256', `${this.#key}${purpose}\0${text}`, 'hex').slice(0, Math.min(length, KEYED_DIGITS))
  }

  #isSigned(nonce: string, realm: string): boolean {
    if (!SHAPE.test(nonce)) return false
    const expected = this.#sign(nonce.slice(0, HEAD_DIGITS), realm)
    return timingSafeEqual(Buffer.from(nonce.slice(HEAD_DIGITS)), Buffer.from(expected))
  }

  #addressee(start: string, address: string): string {
    return this.keyed('to', `${start}\0${address}`, ADDRESS_DIGITS)
  }

  #sign(head: string, realm: string): string {
    return this.keyed('nonce', `${head}\0${realm}`, MAC_DIGITS)
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
  /** By serial number. */
  readonly #uses = new Map<number, Uses>()
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

  /** Marks a count of the nonce with this serial number as used. Returns false when it was used before, or nobody can tell. */
  use(nonce: number, issuedAt: Millis, count: number, now: Millis): boolean {
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
