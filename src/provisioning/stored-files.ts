import type { Millis } from '../domain/clock.js'

/** A rendered file as it was stored. */
export interface StoredFile {
  body: Uint8Array
  /** When these bytes were made first. */
  lastModified: Millis
}

/** A rendered file to be stored. */
export interface FileToStore extends StoredFile {
  /** Which file, of which phone or model, for which address. */
  id: string
  /** SHA-256 (hex) of all that its bytes depend on (content-digest.ts). */
  digest: string
  /** Files of one kind look alike: stored as what differs. */
  kind: string
}

/**
 * Rendered files that outlive the program (docs/decisions/0014-rendered-files-kept.md). None is given for another
 * digest than it was stored for.
 */
export interface StoredFiles {
  /** True when `find` will most likely find it; looks at nothing but the index. */
  has(id: string, digest: string): boolean
  /** Undefined: it is not there, is for something else, or is not as it was written. */
  find(id: string, digest: string): StoredFile | undefined
  /** Notes a file; the work is done by `storeNext`, when there is time. */
  put(file: FileToStore): void
}

/** The work of storing, for whoever knows when there is time. */
export interface StoringWork {
  /** Stores one of the files that wait; false: none waits. */
  storeNext(): boolean
  /** Lets go of all but these, which are named by `id`. */
  retain(ids: ReadonlySet<string>): void
  /** Writes what is new to the disk. Never rejects: a file that cannot be written is rendered again after a start. */
  flush(): Promise<void>
}
