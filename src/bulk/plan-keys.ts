import { keyMeaning } from '../catalog/key-bank.js'
import type { LineKey } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId } from '../domain/random.js'
import { requireKeys } from '../extensions/keys.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import { sameText } from './damage.js'
import type { ImportKey } from './key-cell.js'
import type { PlanParts } from './plan-parts.js'
import type { PlacedKey } from './row.js'

/** Keys of the file take the places they name; others stay, unless everything is overwritten. */
export function keyChange(
  before: ExtensionRecord,
  wanted: readonly PlacedKey[] | undefined,
  clears: boolean,
  parts: PlanParts,
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
  const keys = [...kept, ...keysOf(before, stillLocked, parts)].sort((a, b) => a.position - b.position)
  refuseTwice(keys)
  return { keys }
}

export function keysOf({ id }: ExtensionRecord, keys: readonly PlacedKey[], { random, clock }: PlanParts): LineKey[] {
  return requireKeys(keys, { kind: 'extension', id }, () => newId(random, clock.now()))
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
    same(stored.label, wanted.label)
  )
}
