/** One setting of a phone's config file, in the vendor's own words. */
export interface Entry {
  /** Parameter, element or item name. */
  readonly name: string
  /** Attributes of the element, decoded; empty in formats without any. */
  readonly attributes: Readonly<Record<string, string>>
  /** Decoded text; '' for a value that is present but empty. */
  readonly value: string
}

/** Entries in the order of the file, or the first mistake: 1-based line and what is wrong (never a value). */
export type ReadResult =
  | { readonly ok: true; readonly entries: readonly Entry[] }
  | { readonly ok: false; readonly line: number; readonly reason: string }

/**
 * Reads a whole config file as that vendor's phone would, but strictly: what a phone might skip in silence is a
 * mistake here. Never throws.
 */
export type Reader = (bytes: Uint8Array) => ReadResult

/** A mistake found while reading; caught at the top of each reader. */
export class ReadFailure extends Error {
  constructor(
    readonly line: number,
    readonly reason: string,
  ) {
    super(reason)
    this.name = 'ReadFailure'
  }
}

export const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze({})

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes strict UTF-8; a byte order mark is kept, so that the grammar can refuse it. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    throw new ReadFailure(firstBadLine(bytes), 'not valid UTF-8')
  }
}

/** The same text as a copy: a piece of a file keeps the whole file in memory. */
export function ownText(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

/** Lines remembered by a reader at least: some three hundred of each model, and what is each phone's own passes by. */
export const LINES_REMEMBERED = 10_000

function firstBadLine(bytes: Uint8Array): number {
  let line = 1
  for (let start = 0; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline === -1 ? bytes.length : newline
    try {
      UTF8.decode(bytes.subarray(start, end))
    } catch {
      return line
    }
    start = end + 1
  }
  return line
}

/** Runs `read` and turns a ReadFailure into a result; anything else is a bug and is thrown on. */
export function readResult(read: () => readonly Entry[]): ReadResult {
  try {
    return { ok: true, entries: read() }
  } catch (error) {
    if (error instanceof ReadFailure) return { ok: false, line: error.line, reason: error.reason }
    throw error
  }
}
