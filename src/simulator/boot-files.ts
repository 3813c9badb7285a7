import type { Mac } from '../domain/mac-address.js'
import { READERS, type Entry, type Reader, type ReaderName } from '../readers/index.js'
import type { SimulatedModel } from './models.js'
import type { FailureKind } from './progress.js'

/** What came back for one file. */
export type FetchOutcome =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'not-found' }
  /** Any other answer that will not change by asking again: 401, 403, a redirect, TFTP access violation. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** 5xx: ask again. */
  | { readonly kind: 'unavailable'; readonly detail: string }
  | { readonly kind: 'no-answer'; readonly detail: string }

/** What the phone does next; the edge does it and passes the outcome of a fetch back in. */
type BootAction = { readonly kind: 'fetch'; readonly url: string } | { readonly kind: 'wait'; readonly delayMs: number }

export interface BootingPhone {
  readonly model: SimulatedModel
  readonly mac: Mac
  /** Directory that DHCP told, `http://192.0.2.5:8080/` or `tftp://192.0.2.5/`; ends in a slash. */
  readonly baseUrl: string
  /** Another way to read files than the readers, for load tools that know the files already. */
  readonly read?: (reader: ReaderName, bytes: Uint8Array) => ReturnType<Reader>
}

/** Ends a boot: thrown inside the sequence, turned into its result by `boot`. */
export class BootFailure extends Error {
  constructor(
    readonly failure: FailureKind,
    readonly detail: string,
  ) {
    super(`${failure}: ${detail}`)
    this.name = 'BootFailure'
  }
}

export type Sequence<Result> = Generator<BootAction, Result, FetchOutcome | undefined>

/** Everything a phone loaded, in the order of loading. */
export interface Loaded {
  readonly entries: readonly Entry[]
  /** Its own file was there, not just files of its model or vendor. */
  readonly ownFile: boolean
}

interface Retry {
  readonly attempts: number
  readonly firstDelayMs: number
}

/** Yealink V83 defaults; for the others no figures are published, so they ask longer and back off. */
const RETRY: Readonly<Record<SimulatedModel['vendor'], Retry>> = {
  yealink: { attempts: 3, firstDelayMs: 5000 },
  snom: { attempts: 5, firstDelayMs: 2000 },
  grandstream: { attempts: 5, firstDelayMs: 2000 },
}

/**
 * Fetches one file, again after growing pauses while the server is unavailable or silent.
 * Returns undefined when the server has no such file (or refuses it).
 */
export function* fetchFile(phone: BootingPhone, url: string): Sequence<Uint8Array | undefined> {
  const retry = RETRY[phone.model.vendor]
  for (let attempt = 1; ; attempt += 1) {
    const outcome = yield { kind: 'fetch', url }
    if (!outcome) throw new Error('a fetch was resumed without its outcome')
    if (outcome.kind === 'file') return outcome.bytes
    if (outcome.kind === 'not-found' || outcome.kind === 'refused') return undefined
    if (attempt >= retry.attempts) throw new BootFailure(outcome.kind, `${fileName(url)}: ${outcome.detail}`)
    yield { kind: 'wait', delayMs: retry.firstDelayMs * 2 ** (attempt - 1) }
  }
}

/** Fetches and reads one file; undefined as in `fetchFile`. */
export function* fetchEntries(
  phone: BootingPhone,
  url: string,
  reader: ReaderName,
): Sequence<readonly Entry[] | undefined> {
  const bytes = yield* fetchFile(phone, url)
  if (bytes === undefined) return undefined
  const result = phone.read ? phone.read(reader, bytes) : READERS[reader](bytes)
  if (!result.ok) throw new BootFailure('unreadable', `${fileName(url)} line ${result.line}: ${result.reason}`)
  return result.entries
}

/** Resolves a file named in a config or by the phone itself. */
export function resolveUrl(file: string, base: string): string {
  try {
    return new URL(file, base).href
  } catch {
    throw new BootFailure('unreadable', `not a URL: ${file.slice(0, 80)}`)
  }
}

/** Last part of the path: the rest may hold a token. */
export function fileName(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^.*\//s, '')
}
