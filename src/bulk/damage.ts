import { parseMac, type Mac } from '../domain/mac-address.js'

/** What a spreadsheet did to a cell and what was mended without asking. */
export const REPAIRS = [
  'blanks',
  'no-break-spaces',
  'apostrophe',
  'text-formula',
  'decimal-point',
  'leading-zeros',
  'line-breaks',
  'mixed-encodings',
] as const
export type Repair = (typeof REPAIRS)[number]

/** No-break and narrow spaces; characters without any width. */
const ODD_SPACE = /[\u00a0\u2007\u202f]/g
const NO_WIDTH = /[\u200b\u200c\u2060\ufeff\u00ad]/g

/** Text as people mean it: no invisible characters, plain spaces, no outer blanks. */
export function tidy(text: string): string {
  return text.replace(NO_WIDTH, '').replace(ODD_SPACE, ' ').trim()
}

/** True when two texts differ at most in what `tidy` mends, and in their line ends. */
export function sameText(stored: string | undefined, given: string): boolean {
  return stored === given || (stored !== undefined && sameLines(tidy(stored), given))
}

/** True when two texts differ at most in their line ends: spreadsheets have one kind for all cells. */
export function sameLines(stored: string, given: string): boolean {
  return stored === given || stored.replace(/\r\n?/g, '\n') === given.replace(/\r\n?/g, '\n')
}

/**
 * A cell as it was meant: without outer blanks, the apostrophe that spreadsheets and `guardCell` put before =, +, -, @
 * and digits, and the shell of `="00123"`. `note` hears what was mended.
 */
export function cleanCell(cell: string, note: (repair: Repair) => void): string {
  // A guarded cell is exactly what was exported, but for the guard.
  if (/^'(?='*[=+\-@\d\t\r])/.test(cell)) {
    if (/^'\d/.test(cell)) note('apostrophe')
    return cell.slice(1).trim()
  }
  const plain = tidy(cell)
  if (plain !== cell) note(plain === cell.trim() ? 'blanks' : 'no-break-spaces')
  const shell = /^="((?:[^"]|"")*)"$/.exec(plain)
  if (shell) {
    note('text-formula')
    return (shell[1] ?? '').replaceAll('""', '"').trim()
  }
  return plain
}

/** A cell that no spreadsheet takes for a formula; `cleanCell` is the reverse. */
export function guardCell(cell: string): string {
  return /^(?:[=+\-@\t\r]|'+[=+\-@\d\t\r])/.test(cell) ? `'${cell}` : cell
}

/** Text that begins with a digit and that spreadsheets show and save as something else: `0101`, `1-2`, `1.10`, `12:30`. */
export function isAltered(cell: string): boolean {
  return /^\d/.test(cell) && !/^(?:0|[1-9]\d{0,14})$/.test(cell)
}

const EXPONENT = /^\d+(?:[.,]\d+)?E[+-]?\d+$/i
const DATE =
  /^(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}[. -]+[a-zäéûа-я]{3,}\.?(?:[ -]\d{2,4})?|[a-zäéûа-я]{3,}\.?[ -]\d{1,4})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?$/iu

/** What a spreadsheet made of a number so that it cannot be known any more, in words; undefined: nothing. */
export function lostNumber(text: string): string | undefined {
  if (EXPONENT.test(text)) {
    return `"${text}" is a number that a spreadsheet shortened; format the column as text and type it again`
  }
  if (DATE.test(text)) {
    return `"${text.slice(0, 30)}" is a date that a spreadsheet made of a number; format the column as text and type it again`
  }
  return undefined
}

/** `101.0` and `101,00` are 101: the column was one of decimal numbers. */
export function withoutDecimals(text: string, note: (repair: Repair) => void): string {
  const match = /^(\d{1,20})[.,]0{1,4}$/.exec(text)
  if (!match) return text
  note('decimal-point')
  return match[1] ?? text
}

/** First halves of MAC addresses of desk phones that begin with zeros, which spreadsheets take away. */
const ZERO_VENDORS = /^(?:001565|000413|000b82|0080f0|0004f2|000e08)/

export type MacReading = { mac: Mac; repaired?: true } | { problem: string }

/** A MAC address, also one that lost its leading zeros when nothing else can have been meant. */
export function readMac(text: string): MacReading {
  const mac = parseMac(text) ?? parseMac(text.replace(/^(?:mac\b[\s:=-]*|0x)/i, '').replace(/\s+/g, ''))
  if (mac !== undefined) return { mac }
  if (EXPONENT.test(text)) {
    return {
      problem: `"${text}" is a MAC address that a spreadsheet turned into a number and cannot be known any more; format the column as text and type it again, from the label of the phone`,
    }
  }
  const bare = text.replace(/[^0-9a-f]/gi, '').toLowerCase()
  if (/^[0-9a-f]{7,11}$/i.test(text)) {
    const padded = parseMac(bare.padStart(12, '0'))
    if (padded !== undefined && ZERO_VENDORS.test(padded)) return { mac: padded, repaired: true }
    return {
      problem: `"${text}" has ${bare.length} of 12 digits; if a spreadsheet took leading zeros away, it is ${bare.padStart(12, '0')}: write it so`,
    }
  }
  return { problem: `"${text.slice(0, 30)}" is not a phone's MAC address: 12 hexadecimal digits` }
}
