import { keyMeaning } from '../catalog/key-bank.js'
import type { Id, LineKey } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId } from '../domain/random.js'
import { requireKeys } from '../extensions/keys.js'
import { sameText } from './damage.js'
import { keyCell, type ImportKey } from './key-cell.js'
import type { PlanParts } from './plan-parts.js'
import type { PlacedKey } from './row.js'

type KeyParts = Pick<PlanParts, 'random' | 'clock'>

/** A person or group with keys. */
export interface KeyOwner {
  readonly id: Id
  readonly keys: readonly LineKey[]
}

/** Keys of the file take the places they name; others stay, unless everything is overwritten. */
export function keyChange(
  before: KeyOwner,
  wanted: readonly PlacedKey[] | undefined,
  clears: boolean,
  parts: KeyParts,
  kind: 'extension' | 'group' = 'extension',
): { keys?: LineKey[] } {
  if (wanted === undefined || (wanted.length === 0 && !clears)) return {}
  const places = new Map(wanted.map((key) => [key.position, key]))
  const stay = clears ? [] : before.keys.filter(({ position }) => !places.has(position))
  const same = wanted.every((key) =>
    isSame(
      before.keys.find(({ position }) => position === key.position),
      key,
    ),
  )
  if (same && before.keys.length === stay.length + wanted.length) return {}
  const kept = before.keys.filter((key) => {
    const place = places.get(key.position)
    return stay.includes(key) || (place !== undefined && isSame(key, place))
  })
  const fresh = wanted.filter(({ position }) => !kept.some((key) => key.position === position))
  const locked = new Set(before.keys.flatMap((key) => (key.locked ? key.position : [])))
  const stillLocked = fresh.map((key) => (locked.has(key.position) ? { ...key, locked: true as const } : key))
  const keys = [...kept, ...keysOf(before, stillLocked, parts, kind)].sort((a, b) => a.position - b.position)
  refuseTwice(keys)
  return { keys }
}

export function keysOf(
  { id }: Pick<KeyOwner, 'id'>,
  keys: readonly PlacedKey[],
  { random, clock }: KeyParts,
  kind: 'extension' | 'group' = 'extension',
): LineKey[] {
  return requireKeys(keys, { kind, id }, () => newId(random, clock.now()))
}

/** Keys as previews show them. */
export function keysText(keys: readonly LineKey[]): string {
  return keys.map((key) => `${key.position}=${keyCell(key)}`).join(', ')
}

/** As `requireKeys` for keys that stay and keys that come. */
function refuseTwice(keys: readonly LineKey[]): void {
  const seen = new Map<string, number>()
  for (const key of keys) {
    const other = seen.get(keyMeaning(key))
    if (other !== undefined && key.kind !== 'none' && key.kind !== 'line') {
      const what = `key ${key.position} does the same as key ${other}; the phone would lose one of them`
      throw new AppError('KEY_REPEATED', what, { field: `key${key.position}` })
    }
    seen.set(keyMeaning(key), key.position)
  }
}

function isSame(stored: ImportKey | undefined, wanted: ImportKey): boolean {
  const same = (a: string | undefined, b: string | undefined): boolean => a === b || (b !== undefined && sameText(a, b))
  return (
    stored !== undefined &&
    stored.kind === wanted.kind &&
    same(stored.value, wanted.value) &&
    same(stored.label, wanted.label) &&
    (wanted.line === undefined || stored.line === wanted.line) &&
    (wanted.locked === undefined || stored.locked === wanted.locked)
  )
}
