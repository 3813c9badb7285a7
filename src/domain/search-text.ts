import { SPELLINGS, type Spelling } from './alphabets.js'

const MARKS = /\p{Mn}/gu
/** Letters with a stroke, or joined, that Unicode takes apart by no rule. */
// prettier-ignore
const LETTERS: Readonly<Record<string, string>> =
  { ł: 'l', ø: 'o', đ: 'd', ħ: 'h', ŧ: 't', ı: 'i', ß: 'ss', æ: 'ae', œ: 'oe', ð: 'd', þ: 'th', ς: 'σ' }
const UNDIVIDED = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g')

/** Without case and diacritics: `Müller` and `muller` are one, and so are `Łucja` and `lucja`. */
export function folded(text: string): string {
  const plain = text.normalize('NFKD').replace(MARKS, '').toLowerCase()
  return plain.replace(UNDIVIDED, (letter) => LETTERS[letter] ?? letter)
}

const ASCII = /^[\x00-\x7f]*$/

/** Letters beside ASCII, as many as stand together. */
const OTHERS = /[^\x00-\x7f]+/g

type Writer = (text: string) => string

/** Letter by letter rather than by a regular expression: ten thousand names are written at the first search. */
function writerOf(spelling: Spelling): Writer {
  const singles = new Map<string, string>()
  const pairs = new Map<string, string>()
  for (const [letters, written] of Object.entries(spelling))
    (letters.length > 1 ? pairs : singles).set(letters, written)
  const beginsPair = new Set([...pairs.keys()].map((letters) => letters.charAt(0)))
  const run = (text: string): string => {
    let written = ''
    for (let at = 0; at < text.length; at += 1) {
      const letter = text.charAt(at)
      const pair = beginsPair.has(letter) ? pairs.get(text.slice(at, at + 2)) : undefined
      if (pair !== undefined) at += 1
      written += pair ?? singles.get(letter) ?? letter
    }
    return written
  }
  return (text) => text.replace(OTHERS, run)
}

const WRITERS = SPELLINGS.map(writerOf)
const SPELT = new Set(SPELLINGS.flatMap((spelling) => Object.keys(spelling).filter((letters) => letters.length === 1)))
const UNSPELT = new RegExp(`[^\\x00-\\x7f${[...SPELT].join('')}]`, 'gu')

/** Small letters without accents; the letters that are spelt somehow keep their marks: `Πέτρος` loses its accent, `Пётр` keeps its ё. */
function lettersOf(text: string): string {
  const small = text.normalize('NFC').toLowerCase()
  return small.replace(UNSPELT, (letter) => letter.normalize('NFKD').replace(MARKS, ''))
}

/** All ways in which a text may be typed, the folded text first: `Müller` is `muller` and `mueller`, `Петров` is `петров` and `petrov`. */
function spelt(text: string): string[] {
  if (ASCII.test(text)) return [text.toLowerCase()]
  const own = folded(text)
  const letters = lettersOf(text)
  const written = WRITERS.map((write) => write(letters)).filter((spelling) => spelling !== letters)
  return [...new Set([own, ...written.map((spelling) => (ASCII.test(spelling) ? spelling : folded(spelling)))])]
}

/** What a text is searched in, to be kept with what it belongs to: some ten times a name of another alphabet, once an English one. */
export function searchText(text: string): string {
  return spelt(text).join('\n')
}

/** Is what was typed a part of a text, in whatever alphabet either is written? Takes texts made by `searchText`. */
export function searchFor(typed: string): (text: string) => boolean {
  const [own = '', ...others] = spelt(typed)
  return others.length === 0
    ? (text) => text.includes(own)
    : (text) => text.includes(own) || others.some((other) => text.includes(other))
}

/** As `searchText`, made once for a record: records are replaced whole and never changed in place. */
export function searchTextOnce<T extends object>(text: (record: T) => string): (record: T) => string {
  return once((record) => searchText(text(record)))
}

/** A text of a record for sorting as people do: 9 before 10, ä beside a; what is empty comes last. */
export function sortedBy<T extends object>(text: (record: T) => string | undefined): (record: T) => string {
  return once((record) => {
    const own = text(record) ?? ''
    return own === '' ? '\uffff' : folded(own).replace(/\d+/g, (digits) => digits.padStart(20, '0'))
  })
}

function once<T extends object>(make: (record: T) => string): (record: T) => string {
  const known = new WeakMap<T, string>()
  return (record) => {
    let found = known.get(record)
    if (found === undefined) {
      found = make(record)
      known.set(record, found)
    }
    return found
  }
}
