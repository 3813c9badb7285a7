/** What a transfer sends, cut into blocks that count from 1. The last block is shorter than the others, maybe empty. */
export interface Blocks {
  /** Blocks that can be sent by now, the acknowledged ones included. */
  readonly available: number
  /** True when `available` includes the last block. */
  readonly complete: boolean
  /** Bytes of one block. @throws RangeError when it was released or is not there yet: a bug. */
  block(number: number): Uint8Array
  /** The client has everything up to this block. */
  release(upTo: number): void
}

/** Blocks of bytes that are in memory anyway. */
export function blocksOfBytes(bytes: Uint8Array, blockSize: number): Blocks {
  return {
    available: Math.floor(bytes.length / blockSize) + 1,
    complete: true,
    block: (number) => bytes.subarray((number - 1) * blockSize, number * blockSize),
    release: () => undefined,
  }
}

/** Blocks of bytes that come in pieces; holds only what is not acknowledged yet. */
export class BlockQueue implements Blocks {
  available = 0
  complete = false
  readonly #blockSize: number
  readonly #blocks = new Map<number, Uint8Array>()
  #released = 0
  #rest: Uint8Array = new Uint8Array(0)

  constructor(blockSize: number) {
    this.#blockSize = blockSize
  }

  /** Adds the next bytes, in order. `last` cuts the short block that ends the transfer. */
  append(piece: Uint8Array, last: boolean): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const whole = Math.floor(bytes.length / this.#blockSize) * this.#blockSize
    for (let at = 0; at < whole; at += this.#blockSize) this.#add(bytes.subarray(at, at + this.#blockSize))
    this.#rest = bytes.subarray(whole)
    if (!last) return
    this.#add(this.#rest)
    this.complete = true
  }

  block(number: number): Uint8Array {
    const block = this.#blocks.get(number)
    if (!block) throw new RangeError(`block ${number} is not held`)
    return block
  }

  release(upTo: number): void {
    while (this.#released < upTo) {
      this.#released += 1
      this.#blocks.delete(this.#released)
    }
  }

  #add(block: Uint8Array): void {
    this.available += 1
    this.#blocks.set(this.available, block)
  }
}
