import { constants, type Stats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import type { Millis } from '../../domain/clock.js'
import { BlockQueue, type Blocks } from '../blocks.js'

/** Bytes read from disk at once; with the window this bounds what one transfer holds in memory. */
const CHUNK_BYTES = 65_536

/** A last component that was made a link is not followed; one that was made a FIFO does not block the thread. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Blocks of a file, read as the client takes them: never more than the window and two chunks are in memory.
 * A file that grows is cut at `sizeBytes`; one that shrinks is an error.
 */
export class FileBlocks implements Blocks {
  readonly #file: FileHandle
  readonly #queue: BlockQueue
  readonly #sizeBytes: number
  readonly #chunkBytes: number
  readonly #ahead: number
  readonly #convert: (bytes: Uint8Array) => Uint8Array
  #read = 0
  #released = 0
  #filling: Promise<void> | undefined
  #closed = false

  private constructor(file: FileHandle, request: FileBlocksRequest) {
    const { blockSize, windowSize } = request.terms
    this.#file = file
    this.#queue = new BlockQueue(blockSize)
    this.#sizeBytes = request.sizeBytes
    this.#chunkBytes = blockSize * Math.max(1, Math.floor(CHUNK_BYTES / blockSize))
    this.#ahead = windowSize + this.#chunkBytes / blockSize
    this.#convert = request.convert ?? ((bytes) => bytes)
  }

  /** @throws when the file cannot be opened, or is not the one that was indexed any more. */
  static async open(request: FileBlocksRequest): Promise<FileBlocks> {
    const file = await open(request.path, OPEN_FLAGS)
    try {
      if (!isAsIndexed(await file.stat(), request)) throw new Error('the file has changed since it was indexed')
      return new FileBlocks(file, request)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  get available(): number {
    return this.#queue.available
  }

  get complete(): boolean {
    return this.#queue.complete
  }

  block(number: number): Uint8Array {
    return this.#queue.block(number)
  }

  release(upTo: number): void {
    this.#released = upTo
    this.#queue.release(upTo)
  }

  /**
   * Reads on when the client comes near the end of what is held.
   * @returns undefined when there is nothing to do; else a promise that more is there. Rejects when reading fails.
   */
  fill(): Promise<void> | undefined {
    if (this.#filling || this.complete || this.#closed || this.available - this.#released >= this.#ahead)
      return undefined
    this.#filling = this.#readChunk().finally(() => {
      this.#filling = undefined
    })
    return this.#filling
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#filling?.catch(() => undefined)
    await this.#file.close()
  }

  async #readChunk(): Promise<void> {
    const wanted = Math.min(this.#chunkBytes, this.#sizeBytes - this.#read)
    const chunk = Buffer.allocUnsafe(wanted)
    let length = 0
    while (length < wanted) {
      const { bytesRead } = await this.#file.read(chunk, length, wanted - length, this.#read + length)
      if (bytesRead === 0) throw new Error('the file is shorter than it was')
      length += bytesRead
    }
    this.#read += wanted
    this.#queue.append(this.#convert(chunk), this.#read === this.#sizeBytes)
  }
}

export interface FileBlocksRequest {
  path: string
  sizeBytes: number
  /** Compared by whole seconds, as file systems differ below. */
  lastModified: Millis
  terms: { blockSize: number; windowSize: number }
  /** Applied to each piece, such as `toNetascii`. */
  convert?: (bytes: Uint8Array) => Uint8Array
}

function isAsIndexed(facts: Stats, { sizeBytes, lastModified }: FileBlocksRequest): boolean {
  return facts.isFile() && facts.size === sizeBytes && Math.abs(facts.mtimeMs - lastModified) < 1000
}
