import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import { PHONEBOOK_FILE, type Catalog } from '../catalog/catalog.js'
import { parseMac, type Mac } from '../domain/mac-address.js'
import { REPORTS } from './reports.js'

/** A request's path taken apart. Only names in it are used for look-ups; no path of the disk is ever built from it. */
export interface RequestPath {
  /** Folder segments, decoded. */
  folders: readonly string[]
  /** Last segment. */
  name: string
  /** Segments that look like a device token. */
  token?: string
}

const TOKEN = /^[0-9a-hjkmnp-tv-z]{32}$/
/** As TOKEN, anywhere; a percent sign may hide one. */
const MAY_HOLD_TOKEN = /[0-9a-hjkmnp-tv-z]{32}|%/
const MAX_PATH = 512

/** False: this path holds no token, whatever else it is. */
export function mayHoldToken(path: string): boolean {
  return MAY_HOLD_TOKEN.test(path)
}

/**
 * Decodes once, takes backslashes and doubled slashes as slashes. Returns undefined for what no phone asks:
 * `..`, control characters, broken percent-encoding, over-long paths, an empty name.
 */
export function parseRequestPath(path: string, percentEncoded: boolean): RequestPath | undefined {
  if (path.length > MAX_PATH) return undefined
  let decoded = path
  if (percentEncoded && path.includes('%')) {
    try {
      decoded = decodeURIComponent(path)
    } catch {
      return undefined
    }
  }
  if (/[\u0000-\u001f\u007f]/.test(decoded)) return undefined
  const segments = decoded
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
  if (segments.includes('..')) return undefined
  const name = segments.pop()
  if (name === undefined) return undefined
  const token = segments.find((segment) => TOKEN.test(segment))
  return { folders: segments, name, ...(token === undefined ? {} : { token }) }
}

/** What a request asks for, as far as its name tells. Nothing is trusted yet. */
export type Claim =
  | { kind: 'file'; matches: readonly { model: PhoneModel; file: PhoneFile }[]; mac?: Mac }
  | { kind: 'firmware'; path: string }
  | { kind: 'ca' }
  /** Of whoever comes with a token: the name tells no phone. */
  | { kind: 'phonebook' }
  /** A phone with a token says whether it is to be disturbed. */
  | { kind: 'report'; doNotDisturb: boolean }
  | { kind: 'nothing' }

/** Looks the name up in the catalogue; folders before `firmware/` and before a config's name are ignored. */
export function claimOf(catalog: Catalog, path: RequestPath): Claim {
  const firmwareAt = path.folders.findIndex((folder) => folder.toLowerCase() === 'firmware')
  if (firmwareAt >= 0) {
    return { kind: 'firmware', path: [...path.folders.slice(firmwareAt), path.name].join('/') }
  }
  if (path.name.toLowerCase() === 'phoneboot-ca.crt') return { kind: 'ca' }
  if (path.name.toLowerCase() === PHONEBOOK_FILE) return { kind: 'phonebook' }
  const doNotDisturb = REPORTS.get(path.name)
  if (doNotDisturb !== undefined) return { kind: 'report', doNotDisturb }
  const found = catalog.findFile(path.name)
  if (found.length === 0) return { kind: 'nothing' }
  // A name with a MAC in it is read as such only when no plain name matched (readName puts the plain one first).
  const first = found[0]?.mac
  const mac = first === undefined ? undefined : parseMac(first)
  if (first !== undefined && mac === undefined) return { kind: 'nothing' }
  const matches = found.filter((match) => match.mac === first)
  return { kind: 'file', matches, ...(mac === undefined ? {} : { mac }) }
}
