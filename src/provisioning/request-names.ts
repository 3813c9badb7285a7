import type { Catalog } from '../catalog/catalog.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { Remembered } from '../domain/remembered.js'
import type { KeepsPhone } from './named-phones.js'
import { claimOf, parseRequestPath, type Claim } from './request-path.js'

/** Paths remembered at least; 5,000 phones ask for some three files each after a power cut. */
const PATHS_REMEMBERED = 20_000

/** All that the path of a request says by itself, whoever asks. */
export interface NamedRequest extends KeepsPhone {
  /** Last segment of the path. */
  name: string
  claim: Claim
  /** Of the token in the path. */
  tokenHash?: string
}

/** Reads paths; phones ask for the same ones again and again, and a catalogue never changes. */
export class RequestNames {
  readonly #known = new Remembered<NamedRequest>(PATHS_REMEMBERED)

  constructor(private readonly catalog: Catalog) {}

  /** Remembers the path. @returns undefined for what no phone asks, see parseRequestPath */
  read(path: string, percentEncoded: boolean): NamedRequest | undefined {
    const known = this.#known.get(path)
    if (known) return known
    const named = this.readAnew(path, percentEncoded)
    // Names that no phone asks for are not worth their place, and TFTP reads a percent sign as one.
    if (named?.claim.kind === 'file' && !path.includes('%')) this.#known.set(path, named)
    return named
  }

  /** As `read`, for strangers: it takes as long for what a phone has just asked as for what nobody ever asked. */
  readAnew(path: string, percentEncoded: boolean): NamedRequest | undefined {
    const parsed = parseRequestPath(path, percentEncoded)
    if (!parsed) return undefined
    const named: NamedRequest = { name: parsed.name, claim: claimOf(this.catalog, parsed), phone: undefined }
    if (parsed.token !== undefined) named.tokenHash = sha256Hex(parsed.token)
    return named
  }
}
