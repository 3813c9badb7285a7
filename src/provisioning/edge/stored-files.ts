import { appendFile, open as openFile, readFile, rename } from 'node:fs/promises'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { systemErrorCode } from '../../domain/errors.js'
import { sha256Hex } from '../../domain/fingerprint.js'
import type { Log } from '../../observe/log.js'
import { Outage } from '../../observe/outage.js'
import type { ByteBox } from '../../secrets/seal.js'
import type { FileToStore, StoredFile, StoredFiles, StoringWork } from '../stored-files.js'

/** Begin of the first line; the program follows. What another program or format wrote is written anew. */
const FORMAT = 'phoneboot rendered files 1'
/** A record: length of what follows (32 bits), hash of its id, hash of the pattern's id, digest, sealed content. */
const LENGTH_BYTES = 4
const ID_BYTES = 16
const DIGEST_BYTES = 32
const PATTERN_AT = LENGTH_BYTES + ID_BYTES
const DIGEST_AT = PATTERN_AT + ID_BYTES
const HEAD_BYTES = DIGEST_AT + DIGEST_BYTES
/** The content: when it was made, SHA-256 of its pattern, what differs from that (deflate with a dictionary). */
const TIME_BYTES = 8
const CONTENT_HEAD_BYTES = TIME_BYTES + DIGEST_BYTES
const NO_PATTERN = '0'.repeat(2 * DIGEST_BYTES)

/** Files waiting to be stored, and the size of one; what is beyond is rendered again. */
const MOST_WAITING = 20_000
const LARGEST_FILE = 1024 * 1024
/** Sealed bytes held in memory and on disk. */
const MOST_BYTES = 64 * 1024 * 1024
/** Written anew when more than this, and more than half of it, is of no use any more. */
const SLACK_BYTES = 1024 * 1024
/** A file that differs more from the pattern of its kind is the pattern from then on. */
const ALIKE = 0.25

interface Entry {
  readonly digest: string
  /** Hash of its pattern's id; of a pattern itself it names nothing. */
  readonly pattern: string
  /** The whole record. */
  readonly record: Uint8Array
}

export interface StoredFilesOptions {
  /** The file; made with mode 0600. Left out: all stays in memory. */
  path?: string
  box: ByteBox
  /** Program and phone data: bytes of another program are never given. */
  program: string
  log: Log
  mostBytes?: number
}

/** Rendered files in one file beside the database: sealed, since they hold passwords, each by itself. */
export class StoredFileStore implements StoredFiles, StoringWork {
  readonly #options: StoredFilesOptions
  readonly #entries = new Map<string, Entry>()
  #waiting = new Map<string, FileToStore>()
  /** By kind: digest of the file that others are stored as differences from. */
  readonly #patterns = new Map<string, string>()
  readonly #patternBodies = new Map<string, Uint8Array>()
  /** Records that are not on disk yet. */
  #unwritten: Uint8Array[] = []
  #liveBytes = 0
  #diskBytes = 0
  #rewrite = false
  #writing: Promise<void> = Promise.resolve()
  #told = { damaged: false, full: false }
  readonly #outage: Outage
  readonly #header: Buffer

  private constructor(options: StoredFilesOptions) {
    this.#options = options
    this.#header = Buffer.from(`${FORMAT} ${sha256Hex(options.program)}\n`)
    this.#outage = new Outage(options.log, {
      fails: 'rendered files cannot be kept on disk: after a start they are rendered again',
      worksAgain: 'rendered files are kept on disk again',
    })
  }

  /** Reads what was stored. A file that is missing or damaged is no reason not to start. */
  static async open(options: StoredFilesOptions): Promise<StoredFileStore> {
    const store = new StoredFileStore(options)
    try {
      if (options.path !== undefined) store.#read(await readFile(options.path))
    } catch (error) {
      store.#rewrite = true
      if (systemErrorCode(error) !== 'ENOENT') store.#outage.failed({ err: error })
    }
    return store
  }

  /** Files that can be found. */
  get count(): number {
    return this.#entries.size
  }

  has(id: string, digest: string): boolean {
    return this.#waiting.get(id)?.digest === digest || this.#entries.get(idHash(id))?.digest === digest
  }

  find(id: string, digest: string): StoredFile | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting?.digest === digest) return waiting
    const entry = this.#entries.get(idHash(id))
    if (entry?.digest !== digest) return undefined
    try {
      return this.#unpack(id, entry)
    } catch (error) {
      this.#forget(idHash(id))
      if (!this.#told.damaged) this.#options.log.warn({ err: error }, 'a stored rendered file is of no use: made again')
      this.#told.damaged = true
      return undefined
    }
  }

  put(file: FileToStore): void {
    if (this.#waiting.size >= MOST_WAITING || file.body.byteLength > LARGEST_FILE) return
    this.#waiting.set(file.id, file)
  }

  storeNext(): boolean {
    for (const [id, file] of this.#waiting) {
      this.#waiting.delete(id)
      this.#store(file)
      return true
    }
    return false
  }

  retain(ids: ReadonlySet<string>): void {
    const kept = new Set([...ids].map(idHash))
    for (const [hash, { pattern }] of this.#entries) if (kept.has(hash)) kept.add(pattern)
    for (const sha256 of this.#patterns.values()) kept.add(idHash(patternId(sha256)))
    for (const hash of this.#entries.keys()) if (!kept.has(hash)) this.#forget(hash)
  }

  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  #store({ id, digest, kind, body, lastModified }: FileToStore): void {
    const known = this.#patterns.get(kind)
    const pattern = known === undefined ? undefined : this.#patternBody(known)
    const differing = pattern && deflateRawSync(body, { dictionary: pattern })
    if (known !== undefined && differing && differing.byteLength <= ALIKE * body.byteLength) {
      this.#add(id, digest, known, content(lastModified, known, differing))
      return
    }
    const sha256 = sha256Hex(body)
    this.#patterns.set(kind, sha256)
    this.#patternBodies.set(sha256, body)
    this.#add(patternId(sha256), sha256, NO_PATTERN, content(lastModified, NO_PATTERN, deflateRawSync(body)))
    this.#add(id, digest, sha256, content(lastModified, sha256, deflateRawSync(body, { dictionary: body })))
  }

  #add(id: string, digest: string, patternSha256: string, plain: Uint8Array): void {
    const { box, mostBytes = MOST_BYTES } = this.#options
    const sealed = box.seal(plain, this.#context(id, digest))
    const hash = idHash(id)
    this.#forget(hash)
    if (this.#liveBytes + HEAD_BYTES + sealed.byteLength > mostBytes) {
      if (!this.#told.full) this.#options.log.warn({ bytes: mostBytes }, 'not all rendered files are kept for a start')
      this.#told.full = true
      return
    }
    const pattern = idHash(patternId(patternSha256))
    const record = Buffer.alloc(HEAD_BYTES + sealed.byteLength)
    record.writeUInt32LE(record.byteLength - LENGTH_BYTES)
    record.write(hash + pattern + digest, LENGTH_BYTES, 'hex')
    record.set(sealed, HEAD_BYTES)
    this.#keep(hash, { digest, pattern, record })
    this.#unwritten.push(record)
  }

  #unpack(id: string, { digest, record }: Entry): StoredFile {
    const plain = Buffer.from(this.#options.box.open(record.subarray(HEAD_BYTES), this.#context(id, digest)))
    const sha256 = plain.toString('hex', TIME_BYTES, CONTENT_HEAD_BYTES)
    const pattern = sha256 === NO_PATTERN ? undefined : this.#patternBody(sha256)
    if (sha256 !== NO_PATTERN && !pattern) throw new Error('its pattern is gone')
    const body = inflateRawSync(plain.subarray(CONTENT_HEAD_BYTES), {
      maxOutputLength: LARGEST_FILE,
      ...(pattern && { dictionary: pattern }),
    })
    return { body, lastModified: plain.readDoubleLE(0) }
  }

  /** Proven by its own digest; undefined when it is not what it was. */
  #patternBody(sha256: string): Uint8Array | undefined {
    const known = this.#patternBodies.get(sha256)
    if (known) return known
    const id = patternId(sha256)
    const entry = this.#entries.get(idHash(id))
    try {
      const body = entry && this.#unpack(id, entry).body
      if (!body || sha256Hex(body) !== sha256) return undefined
      this.#patternBodies.set(sha256, body)
      return body
    } catch {
      this.#forget(idHash(id))
      return undefined
    }
  }

  #context(id: string, digest: string): string {
    return `rendered_files:${this.#options.program}:${id}:${digest}`
  }

  #keep(hash: string, entry: Entry): void {
    this.#entries.set(hash, entry)
    this.#liveBytes += entry.record.byteLength
  }

  #forget(hash: string): void {
    this.#liveBytes -= this.#entries.get(hash)?.record.byteLength ?? 0
    this.#entries.delete(hash)
  }

  #read(bytes: Buffer): void {
    this.#rewrite = true
    if (!bytes.subarray(0, this.#header.length).equals(this.#header)) return
    this.#diskBytes = bytes.length
    let place = this.#header.length
    while (place + HEAD_BYTES <= bytes.length) {
      const end = place + LENGTH_BYTES + bytes.readUInt32LE(place)
      if (end < place + HEAD_BYTES || end > bytes.length) break
      const text = bytes.toString('hex', place + LENGTH_BYTES, place + HEAD_BYTES)
      const [hash, pattern] = [text.slice(0, 2 * ID_BYTES), text.slice(2 * ID_BYTES, 4 * ID_BYTES)]
      this.#forget(hash)
      this.#keep(hash, { digest: text.slice(4 * ID_BYTES), pattern, record: bytes.subarray(place, end) })
      place = end
    }
    // A record that was cut off would swallow what is written after it.
    this.#rewrite = place !== bytes.length
  }

  async #write(): Promise<void> {
    const { path } = this.#options
    if (path === undefined || (this.#unwritten.length === 0 && !this.#rewrite)) return
    const added = this.#unwritten
    this.#unwritten = []
    try {
      const slack = this.#diskBytes + sum(added) - this.#liveBytes
      if (this.#rewrite || (slack > SLACK_BYTES && slack > this.#liveBytes)) await this.#writeAnew(path)
      else {
        await appendFile(path, Buffer.concat(added))
        this.#diskBytes += sum(added)
      }
      this.#outage.worked()
    } catch (error) {
      this.#rewrite = true
      this.#outage.failed({ err: error })
    }
  }

  /** Written aside and put in place, so that nobody ever sees half of it. Need not survive a power cut: damage is found. */
  async #writeAnew(path: string): Promise<void> {
    const records = [...this.#entries.values()].map(({ record }) => record)
    const aside = `${path}.new`
    const file = await openFile(aside, 'w', 0o600)
    try {
      await file.writeFile(Buffer.concat([this.#header, ...records]))
    } finally {
      await file.close()
    }
    await rename(aside, path)
    this.#diskBytes = this.#header.length + sum(records)
    this.#rewrite = false
  }
}

function patternId(sha256: string): string {
  return `pattern ${sha256}`
}

function idHash(id: string): string {
  return sha256Hex(id).slice(0, 2 * ID_BYTES)
}

function content(lastModified: number, patternSha256: string, packed: Uint8Array): Uint8Array {
  const head = Buffer.alloc(CONTENT_HEAD_BYTES)
  head.writeDoubleLE(lastModified)
  head.write(patternSha256, TIME_BYTES, 'hex')
  return Buffer.concat([head, packed])
}

function sum(records: readonly Uint8Array[]): number {
  return records.reduce((bytes, { byteLength }) => bytes + byteLength, 0)
}
