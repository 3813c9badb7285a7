import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Clock, Millis } from '../../domain/clock.js'
import type { FirmwareImage } from '../../domain/entities.js'
import type { Log } from '../../observe/log.js'
import { contentTypeOf, imageEtag, imagePath, isSafeSegment, parseImagePlace, type ImagePlace } from '../image.js'

/** How often the folder is looked through again, in milliseconds. */
export const RESCAN_MS = 10_000
/** More files than this are not indexed: a folder set by mistake (such as `/`) must not eat the memory. */
const MAX_FILES = 20_000

/** A file that may be served. */
export interface FirmwareFile {
  /** Where it lies on this disk, free of symbolic links. */
  path: string
  sizeBytes: number
  /** Strong, quoted. */
  etag: string
  lastModified: Millis
  contentType: string
}

/** The firmware files in memory: a request is looked up here, no path is ever made from what a phone sent. */
export interface FirmwareFolder {
  /** @param path `firmware/<family>/<model>/<version>/<file>`, decoded, without a leading slash, in any case */
  find(path: string): FirmwareFile | undefined
  /** Every image whose SHA-256 is known, by path. */
  list(): FirmwareImage[]
  /** Looks through the folder now; resolves when the index is up to date (SHA-256 follows in the background). */
  rescan(): Promise<void>
  /** Resolves when every SHA-256 asked for so far is known. */
  hashed(): Promise<void>
  close(): Promise<void>
}

interface FileFacts {
  sizeBytes: number
  modifiedMs: Millis
  /** Changes with every write, also where size and modification time were kept. */
  changedMs: Millis
}

interface FoundImage extends FileFacts {
  place: ImagePlace
  diskPath: string
}

interface Entry extends FoundImage {
  sha256: string | undefined
}

export interface FirmwareFolderOptions {
  folder: string
  clock: Clock
  log: Log
}

/** Indexes `folder`; one that does not exist (yet) is an empty one. */
export async function openFirmwareFolder(options: FirmwareFolderOptions): Promise<FirmwareFolder> {
  const folder = new FolderIndex(options)
  await folder.rescan()
  folder.keepRescanning()
  return folder
}

class FolderIndex implements FirmwareFolder {
  readonly #options: FirmwareFolderOptions
  #exact = new Map<string, Entry>()
  /** By path in lower case; where two files differ by case only, the first in the order of names. */
  #folded = new Map<string, Entry>()
  #scanning: Promise<void> = Promise.resolve()
  #hashing: Promise<void> = Promise.resolve()
  #cancelRescan: () => void = () => undefined
  #closed = false
  #trouble = ''

  constructor(options: FirmwareFolderOptions) {
    this.#options = options
  }

  find(path: string): FirmwareFile | undefined {
    const entry = this.#exact.get(path) ?? this.#folded.get(path.toLowerCase())
    return entry && describeFile(entry)
  }

  list(): FirmwareImage[] {
    return [...this.#exact.values()].flatMap(({ place, sizeBytes, sha256 }) =>
      sha256 === undefined ? [] : [{ ...place, sizeBytes, sha256 }],
    )
  }

  rescan(): Promise<void> {
    this.#scanning = this.#scanning.then(() => this.#scan())
    return this.#scanning
  }

  hashed(): Promise<void> {
    return this.#hashing
  }

  keepRescanning(): void {
    if (this.#closed) return
    this.#cancelRescan = this.#options.clock.after(RESCAN_MS, () => {
      void this.rescan().then(() => this.keepRescanning())
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRescan()
    await this.#scanning
    await this.#hashing
  }

  async #scan(): Promise<void> {
    if (this.#closed) return
    const { folder, log } = this.#options
    try {
      const root = await realpath(folder)
      const found = await imagesBelow(root)
      this.#take(found)
      if (found.length < MAX_FILES) this.#trouble = ''
      else throw new Error(`more than ${MAX_FILES} files, the rest is left out`)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') this.#take([])
      // What is indexed stays: a network disk that is away for a moment is no reason to forget it.
      else if (this.#trouble !== String(error)) log.warn({ folder, err: error }, 'the firmware folder is not read in full')
      this.#trouble = String(error)
    }
  }

  #take(found: readonly FoundImage[]): void {
    const exact = new Map<string, Entry>()
    const folded = new Map<string, Entry>()
    for (const image of found) {
      const path = imagePath(image.place)
      const known = this.#exact.get(path)
      const entry = known && known.diskPath === image.diskPath && isSameFile(known, image) ? known : { ...image, sha256: undefined }
      exact.set(path, entry)
      if (!folded.has(path.toLowerCase())) folded.set(path.toLowerCase(), entry)
      if (entry !== known) this.#hashing = this.#hashing.then(() => this.#hash(entry))
    }
    this.#exact = exact
    this.#folded = folded
  }

  /** One file at a time, so that hashing never crowds out the phones. */
  async #hash(entry: Entry): Promise<void> {
    if (this.#closed) return
    try {
      const hash = createHash('sha256')
      for await (const chunk of createReadStream(entry.diskPath, { highWaterMark: 256 * 1024 })) {
        if (this.#closed) return
        hash.update(chunk as Buffer)
      }
      // A file that was still being copied has other bytes now; the next scan takes it up again.
      if (isSameFile(entry, factsOf(await stat(entry.diskPath)))) entry.sha256 = hash.digest('hex')
    } catch (error) {
      this.#options.log.warn({ path: entry.diskPath, err: error }, 'a firmware file cannot be read')
    }
  }
}

function describeFile(entry: Entry): FirmwareFile {
  return {
    path: entry.diskPath,
    sizeBytes: entry.sizeBytes,
    etag: imageEtag(entry),
    lastModified: entry.modifiedMs,
    contentType: contentTypeOf(entry.place.fileName),
  }
}

/** Every `<family>/<model>/<version>/<file>` below `root` with safe names, in the order of names. */
async function imagesBelow(root: string): Promise<FoundImage[]> {
  const found: FoundImage[] = []
  const walk = async (folder: string, segments: readonly string[]): Promise<void> => {
    for (const name of (await namesIn(folder, segments.length)).filter(isSafeSegment).sort()) {
      const here = await insideOf(root, join(folder, name))
      if (!here || found.length >= MAX_FILES) continue
      const place = parseImagePlace([...segments, name])
      if (here.facts.isDirectory() && segments.length < 3) await walk(here.path, [...segments, name])
      else if (here.facts.isFile() && place) found.push({ place, diskPath: here.path, ...factsOf(here.facts) })
    }
  }
  await walk(root, [])
  return found
}

/** A folder that vanished or may not be read hides its own files only; trouble with the root is told. */
async function namesIn(folder: string, depth: number): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (depth === 0) throw error
    return []
  }
}

/** Follows symbolic links as long as they stay inside `root`; undefined for what leads outside or is gone. */
async function insideOf(root: string, path: string): Promise<{ path: string; facts: Stats } | undefined> {
  try {
    const facts = await lstat(path)
    if (!facts.isSymbolicLink()) return { path, facts }
    const target = await realpath(path)
    return target.startsWith(root + sep) ? { path: target, facts: await stat(target) } : undefined
  } catch {
    return undefined
  }
}

function factsOf(facts: Stats): FileFacts {
  return { sizeBytes: facts.size, modifiedMs: facts.mtimeMs, changedMs: facts.ctimeMs }
}

function isSameFile(a: FileFacts, b: FileFacts): boolean {
  return a.sizeBytes === b.sizeBytes && a.modifiedMs === b.modifiedMs && a.changedMs === b.changedMs
}

function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}
