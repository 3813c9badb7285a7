import { AppError } from '../domain/errors.js'
import { AT_ONCE, inTurns, type Turns } from '../domain/turns.js'

/** How a list can be sorted: by name of the field. Texts are compared as they are, see `sortedBy`. */
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

/**
 * One page of `items`, in a total order: sort value, then id. Lists that may be long say how others have their turn:
 * values that are made once take a while the first time. Throws REQUEST_INVALID for a cursor that is none.
 */
export async function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  { limit, cursor, sort }: PageQuery,
  keys: SortKeys<T>,
  turns: Turns = AT_ONCE,
): Promise<Page<T>> {
  const direction = sort.startsWith('-') ? -1 : 1
  const field = sort.replace(/^-/, '')
  const keyOf = Object.hasOwn(keys, field) ? keys[field] : undefined
  if (!keyOf) {
    throw new AppError('REQUEST_INVALID', `sort: ${Object.keys(keys).join(', ')} can be used`, { field: 'sort' })
  }
  const after = cursor === undefined ? undefined : readCursor(cursor, sort)
  const compare = (a: Placed, b: Placed): number =>
    direction * (compareValues(a.value, b.value) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  const first = new FirstOf<Placed & { item: T }>(limit + 1, compare)
  await inTurns(items, turns, (item) => {
    const one = { item, value: keyOf(item), id: item.id }
    if (!after || compare(one, after) > 0) first.offer(one)
  })
  const shown = first.taken.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(({ item }) => item),
    ...(last && first.taken.length > limit ? { nextCursor: writeCursor({ sort, ...last }) } : {}),
    total: items.length,
  }
}

type Placed = Omit<Place, 'sort'>

/** Keeps the first few of many in their order, without sorting all. */
class FirstOf<T> {
  readonly taken: T[] = []

  constructor(
    private readonly most: number,
    private readonly compare: (a: T, b: T) => number,
  ) {}

  offer(one: T): void {
    const { taken, most, compare } = this
    const last = taken.at(-1)
    if (taken.length === most && last !== undefined && compare(one, last) >= 0) return
    let [low, high] = [0, taken.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const there = taken[middle]
      if (there !== undefined && compare(there, one) <= 0) low = middle + 1
      else high = middle
    }
    taken.splice(low, 0, one)
    if (taken.length > most) taken.pop()
  }
}

function compareValues(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0
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
