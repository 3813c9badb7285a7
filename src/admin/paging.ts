import { AppError } from '../domain/errors.js'

/** How a list can be sorted: by name of the field. */
export type SortKeys<T> = Readonly<Record<string, (item: T) => string | number>>

export interface PageQuery {
  limit: number
  cursor?: string | undefined
  /** Name of a field, with `-` before it for the other direction. */
  sort: string
}

export interface Page<T> {
  items: T[]
  /** Give it as `cursor` for the next page; absent on the last one. */
  nextCursor?: string
  /** Of all pages. */
  total: number
}

/** A place in a list: the sort value and the id of the last item shown. Stays right when items come and go. */
interface Place {
  sort: string
  value: string | number
  id: string
}

/** Numbers and names as people sort them: 9 before 10, ä beside a. */
const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** One page of `items`, in a total order: sort value, then id. Throws REQUEST_INVALID for a cursor that is none. */
export function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  { limit, cursor, sort }: PageQuery,
  keys: SortKeys<T>,
): Page<T> {
  const direction = sort.startsWith('-') ? -1 : 1
  const keyOf = keys[sort.replace(/^-/, '')]
  if (!keyOf)
    throw new AppError('REQUEST_INVALID', `sort: ${Object.keys(keys).join(', ')} can be used`, { field: 'sort' })
  const after = cursor === undefined ? undefined : readCursor(cursor, sort)
  const compare = (a: Omit<Place, 'sort'>, b: Omit<Place, 'sort'>): number =>
    direction * (compareValues(a.value, b.value) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  const placed = items.map((item) => ({ item, value: keyOf(item), id: item.id }))
  const rest = after ? placed.filter((one) => compare(one, after) > 0) : placed
  rest.sort(compare)
  const shown = rest.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(({ item }) => item),
    ...(last && rest.length > shown.length
      ? { nextCursor: writeCursor({ sort, value: last.value, id: last.id }) }
      : {}),
    total: items.length,
  }
}

function compareValues(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : COLLATOR.compare(String(a), String(b))
}

function writeCursor(place: Place): string {
  return encodeBase64Url(JSON.stringify([place.sort, place.value, place.id]))
}

function readCursor(cursor: string, sort: string): Place {
  const refuse = (): AppError =>
    new AppError('REQUEST_INVALID', 'cursor: this is none of this list in this order', { field: 'cursor' })
  try {
    const [of, value, id] = JSON.parse(decodeBase64Url(cursor)) as unknown[]
    if (of !== sort || typeof id !== 'string') throw refuse()
    if (typeof value !== 'string' && typeof value !== 'number') throw refuse()
    return { sort, value, id }
  } catch {
    throw refuse()
  }
}

function encodeBase64Url(text: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(text))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function decodeBase64Url(text: string): string {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (one) => one.charCodeAt(0)))
}

const MARKS = /\p{Mn}/gu

/** For searching: without case and diacritics, `Müller` and `muller` are one. */
export function folded(text: string): string {
  return text.normalize('NFKD').replace(MARKS, '').toLowerCase()
}
