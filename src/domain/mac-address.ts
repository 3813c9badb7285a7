import { AppError } from './errors.js'

/** A MAC address in canonical form: 12 lower-case hexadecimal digits, no separators. */
export type Mac = string & { readonly __brand: 'Mac' }

const SPELLINGS = [
  /^[0-9a-f]{12}$/i,
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{2}(?: [0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/i,
  /^[0-9a-f]{4}(?:-[0-9a-f]{4}){2}$/i,
  /^[0-9a-f]{6}[-:][0-9a-f]{6}$/i,
]

/**
 * Reads a MAC address in any usual spelling (colons, dashes, blanks, Cisco dots, HP halves, none; any case).
 * Returns undefined for anything else, and for group addresses (first octet odd), which no phone has.
 */
export function parseMac(text: string): Mac | undefined {
  const trimmed = text.trim()
  if (!SPELLINGS.some((spelling) => spelling.test(trimmed))) return undefined
  const mac = trimmed.replace(/[^0-9a-f]/gi, '').toLowerCase()
  const firstOctet = Number.parseInt(mac.slice(0, 2), 16)
  if (firstOctet % 2 === 1 || mac === '000000000000') return undefined
  return mac as Mac
}

/** As `parseMac`, but refuses with MAC_INVALID. */
export function requireMac(text: string, field = 'mac'): Mac {
  const mac = parseMac(text)
  if (mac === undefined) {
    throw new AppError('MAC_INVALID', `${field}: "${text.slice(0, 40)}" is not a phone's MAC address`, {
      field,
      hint: 'Write 12 hexadecimal digits, for example 00:15:65:aa:bb:cc',
    })
  }
  return mac
}

/** For people: `00:15:65:aa:bb:cc`. */
export function formatMac(mac: Mac): string {
  return (mac.match(/../g) ?? []).join(':')
}
