import type { Mac } from '../domain/mac-address.js'

/** What stands in a file's name. */
export interface NameParts {
  model: string
  hardware?: number
  mac?: Mac
}

/**
 * Builds the name of a file: {mac}, {MAC} (upper case), {model}, {model:lower}, {hardware:N} (zero-padded to N).
 * A place whose value is missing gives undefined: this phone has no such file.
 */
export function buildName(pattern: string, parts: NameParts): string | undefined {
  let missing = false
  const name = pattern.replace(/\{(\w+)(?::(\w+))?\}/g, (_place, key: string, option?: string) => {
    const value = partText(key, option, parts)
    if (value === undefined) missing = true
    return value ?? ''
  })
  return missing ? undefined : name
}

function partText(key: string, option: string | undefined, parts: NameParts): string | undefined {
  switch (key) {
    case 'mac':
      return parts.mac
    case 'MAC':
      return parts.mac?.toUpperCase()
    case 'model':
      return option === 'lower' ? parts.model.toLowerCase() : parts.model
    case 'hardware':
      return parts.hardware === undefined ? undefined : String(parts.hardware).padStart(Number(option ?? 0), '0')
    default:
      return undefined
  }
}

/** The place that stands for a MAC address in a look-up key. */
const MAC_PLACE = '{mac}'

/**
 * The key under which a file is found: its name in lower case with the MAC replaced by `{mac}`.
 * Phones and people differ in the case they use, so names are compared without it.
 */
export function lookupKey(pattern: string, parts: NameParts): string | undefined {
  const withPlace = pattern.replaceAll('{MAC}', MAC_PLACE).split(MAC_PLACE)
  const built = withPlace.map((piece) => buildName(piece, parts))
  return built.includes(undefined) ? undefined : built.join(MAC_PLACE).toLowerCase()
}

/**
 * Every way to read a requested file name: as it is, and with each run of 12 hex digits taken as a MAC.
 * Yealink's `y000000000052.cfg` is both, so the plain reading comes first.
 */
export function readName(name: string): { key: string; mac?: string }[] {
  const lower = name.toLowerCase()
  const readings: { key: string; mac?: string }[] = [{ key: lower }]
  for (const match of lower.matchAll(/(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])/g)) {
    const key = lower.slice(0, match.index) + MAC_PLACE + lower.slice(match.index + 12)
    readings.push({ key, mac: match[0] })
  }
  return readings
}
