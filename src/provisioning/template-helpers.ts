import { AppError } from '../domain/errors.js'
import { Secret } from '../domain/secret.js'
import type { Sheet } from './sheet.js'

export type Hash = Readonly<Record<string, unknown>>

/** What a helper makes of its arguments. */
export type Helper = (args: readonly unknown[], hash: Hash, sheet: Sheet) => unknown

/** A text with a secret in it is a secret. */
function glue(parts: readonly unknown[], separator: string): string | Secret {
  if (!parts.some((part) => part instanceof Secret)) return parts.join(separator)
  return new Secret(parts.map((part) => (part instanceof Secret ? part.reveal() : part)).join(separator))
}

/** Counts with a number, and leaves null alone. */
function counted(count: (value: number, other: number, third: number) => number): Helper {
  return ([value, other, third]) => (value === null ? null : count(Number(value), Number(other), Number(third)))
}

/** Some phones take the scheme apart, and add the file's name themselves. */
function urlTarget(url: unknown, fileName: unknown): string | null {
  if (url === null) return null
  const target = String(url).replace(/^[a-z]+:\/\//i, '')
  return target.endsWith(`/${String(fileName)}`) ? target.slice(0, -String(fileName).length - 1) : target
}

/** Helpers templates may use beside `set` and `rest`; docs/add-a-phone.md explains them. */
const HELPERS: Readonly<Record<string, Helper>> = {
  word: ([table, value], hash, sheet) => sheet.word(String(table), value, hash.default),
  words: ([table, list], _hash, sheet) => sheet.words(String(table), list),
  choice: ([table, list, n], _hash, sheet) => sheet.choice(String(table), list, Number(n)),
  default: ([value, otherwise]) => value ?? otherwise,
  eq: ([a, b]) => a === b,
  and: (args) => args.every(Boolean),
  or: (args) => args.some(Boolean),
  not: ([value]) => !value,
  has: ([list, item]) => Array.isArray(list) && list.includes(item),
  rank: ([list, item]) => (Array.isArray(list) ? list.indexOf(item) + 1 : 0),
  join: ([list, separator]) => glue(list as unknown[], String(separator)),
  concat: (args) => (args.includes(null) ? null : glue(args, '')),
  ceilDiv: counted((value, divisor) => Math.ceil(value / divisor)),
  clamp: counted((value, min, max) => Math.min(Math.max(value, min), max)),
  times: counted((value, factor) => value * factor),
  add: ([a, b]) => Number(a) + Number(b),
  pad: ([value, width]) => (value === null ? null : String(Number(value)).padStart(Number(width), '0')),
  urlScheme: ([url]) => (url === null ? null : String(url).split('://')[0]),
  urlTarget: ([url, fileName]) => urlTarget(url, fileName),
}

export function helperOf(name: string): Helper | undefined {
  return Object.hasOwn(HELPERS, name) ? HELPERS[name] : undefined
}

/** Fills `{n}`-like places of a parameter name from the loop's own item. */
export function nameFiller(name: string): (item: unknown) => string {
  const pieces = name.split(/\{(\w+)\}/)
  if (pieces.length === 1) return () => name
  return (item) => {
    let filled = ''
    for (let index = 0; index < pieces.length; index += 1) {
      const piece = pieces[index] ?? ''
      filled += index % 2 === 0 ? piece : placeOf(item, piece, name)
    }
    return filled
  }
}

function placeOf(item: unknown, key: string, name: string): string {
  const value = (item as Record<string, unknown>)[key]
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw new AppError('TEMPLATE_VALUE_MISSING', `${name}: {${key}} has no value here`)
}
