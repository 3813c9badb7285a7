import { parseMac, type Mac } from '../domain/mac-address.js'

/** What scanners are told to put before a code's text to say of which kind it is (ISO/IEC 15424), such as `]C1`. */
const KIND_OF_CODE = /^\][a-z][0-9a-z]/i
/** Ends in a hexadecimal digit, and would be taken for a part of the address. */
const LABEL = /mac/gi
const ADDRESS = /(?<![0-9a-f])(?:[0-9a-f]{2}[:.-]?){5}[0-9a-f]{2}(?![0-9a-f])/gi
/** Twelve digits alone are as well a serial number, or the article's number that shops scan. */
const NOT_ONLY_DIGITS = /[^0-9]/

/**
 * The MAC address in what a scanner typed: alone in any spelling, or somewhere in the text of a bar code with a label,
 * a serial number or a scanner's own prefix and suffix. An address of one of `makers` (the first six digits, lower
 * case) comes before others. Undefined when there is none, or no telling which. `scan.js` reads by the same rules.
 */
export function macInScan(text: string, makers: readonly string[]): Mac | undefined {
  const alone = parseMac(text)
  if (alone !== undefined) return alone
  const found = [...text.trim().replace(KIND_OF_CODE, ' ').replace(LABEL, ' ').matchAll(ADDRESS)].flatMap(
    ([written]) => {
      const mac = parseMac(written.replace(/[^0-9a-f]/gi, ''))
      return mac === undefined ? [] : [{ mac, written }]
    },
  )
  const ofMaker = found.find(({ mac }) => makers.some((maker) => mac.startsWith(maker)))
  if (ofMaker) return ofMaker.mac
  const likely = new Set(found.flatMap(({ mac, written }) => (NOT_ONLY_DIGITS.test(written) ? [mac] : [])))
  return likely.size === 1 ? [...likely][0] : undefined
}
