import { keyMeaning } from '../catalog/key-bank.js'
import type { Id, LineKey } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId } from '../domain/random.js'
import { byPlace, requireKeys } from '../extensions/keys.js'
import { PHONE_KEY } from './columns.js'
import { sameText } from './damage.js'
import { keyCell, type ImportKey } from './key-cell.js'
import type { PlanParts } from './plan-parts.js'
import type { PlacedKey } from './row.js'

type KeyParts = Pick<PlanParts, 'random' | 'clock'>
type OwnerKind = LineKey['owner']['kind']

/** A person, phone or group with keys. */
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
  kind: OwnerKind = 'extension',
): { keys?: LineKey[] } {
  if (wanted === undefined || (wanted.length === 0 && !clears)) return {}
  const places = new Map(wanted.map((key) => [placeOf(key), key]))
  const stay = clears ? [] : before.keys.filter((key) => !places.has(placeOf(key)))
  const same = wanted.every((key) =>
    isSame(
      before.keys.find((one) => placeOf(one) === placeOf(key)),
      key,
    ),
  )
  if (same && before.keys.length === stay.length + wanted.length) return {}
  const kept = before.keys.filter((key) => {
    const place = places.get(placeOf(key))
    return stay.includes(key) || (place !== undefined && isSame(key, place))
  })
  const fresh = wanted.filter((wish) => !kept.some((key) => placeOf(key) === placeOf(wish)))
  const locked = new Set(before.keys.flatMap((key) => (key.locked ? placeOf(key) : [])))
  const stillLocked = fresh.map((key) => (locked.has(placeOf(key)) ? { ...key, locked: true as const } : key))
  const keys = [...kept, ...keysOf(before, stillLocked, parts, kind)].sort(byPlace)
  refuseTwice(keys)
  return { keys }
}

export function keysOf(
  { id }: Pick<KeyOwner, 'id'>,
  keys: readonly PlacedKey[],
  { random, clock }: KeyParts,
  kind: OwnerKind = 'extension',
): LineKey[] {
  return requireKeys(keys, { kind, id }, () => newId(random, clock.now()))
}

/** Keys as previews show them; a phone's own with their bank. */
export function keysText(keys: readonly LineKey[]): string {
  return keys.map((key) => `${placeOf(key)}=${keyCell(key)}`).join(', ')
}

/** `3`, `linekey@3`. */
export function placeOf({ bank, position }: Pick<PlacedKey, 'bank' | 'position'>): string {
  return bank === undefined ? String(position) : `${bank}@${position}`
}

/** As `requireKeys` for keys that stay and keys that come. */
function refuseTwice(keys: readonly LineKey[]): void {
  const seen = new Map<string, string>()
  for (const key of keys) {
    const other = seen.get(keyMeaning(key))
    if (other !== undefined && key.kind !== 'none' && key.kind !== 'line') {
      const what = `key ${placeOf(key)} does the same as key ${other}; the phone would lose one of them`
      throw new AppError('KEY_REPEATED', what, {
        field: `${key.bank === undefined ? 'key' : PHONE_KEY}${placeOf(key)}`,
      })
    }
    seen.set(keyMeaning(key), placeOf(key))
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
