import type { Catalog, FileMatch } from '../catalog/catalog.js'
import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { Remembered } from '../domain/remembered.js'
import { claimOf, parseRequestPath, type Claim } from './request-path.js'

/** Paths remembered at least; 5,000 phones ask for some three files each after a power cut. */
const PATHS_REMEMBERED = 20_000

/** All that the path of a request says by itself, whoever asks. */
export interface NamedRequest {
  /** Last segment of the path. */
  name: string
  claim: Claim
  /** Of the token in the path. */
  tokenHash?: string
}

/** A file as the phone's own model has it, though it may have been asked under another model's name. */
export interface FittingFile {
  model: PhoneModel
  file: PhoneFile
  askedAs: PhoneModel
}

/** Reads paths; phones ask for the same ones again and again, and a catalogue never changes. */
export class RequestNames {
  readonly #known = new Remembered<NamedRequest>(PATHS_REMEMBERED)
  readonly #fitting = new WeakMap<Claim, FittingFile>()

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
    const named: NamedRequest = { name: parsed.name, claim: claimOf(this.catalog, parsed) }
    if (parsed.token !== undefined) named.tokenHash = sha256Hex(parsed.token)
    return named
  }

  /** The file of a phone of `modelId` that a claim means. */
  fitting(claim: Extract<Claim, { kind: 'file' }>, modelId: string): FittingFile | undefined {
    const known = this.#fitting.get(claim)
    if (known?.model.model === modelId) return known
    const found = fittingFile(this.catalog, claim.matches, modelId)
    if (found) this.#fitting.set(claim, found)
    return found
  }
}

function fittingFile(
  catalog: Catalog,
  matches: readonly Omit<FileMatch, 'mac'>[],
  modelId: string,
): FittingFile | undefined {
  const model = catalog.model(modelId)
  if (!model) return undefined
  const match =
    matches.find((other) => other.model.model === model.model) ??
    matches.find((other) => other.model.family === model.family)
  const file = catalog.files(model.model).find(({ key }) => key === match?.file.key)
  return match && file ? { model, file, askedAs: match.model } : undefined
}
