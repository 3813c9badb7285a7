import { keyMeaning } from '../../catalog/key-bank.js'
import type { Key, Owner } from './key.js'

/** What stands on a key and what it does, without its place. */
function content({ kind, value, label, line, locked = false }: Key): string {
  return JSON.stringify([kind, value, label, line, locked])
}

/**
 * What was changed here, done again on what somebody else has stored meanwhile. Keys that were not touched here are as
 * the other has them; a key that both changed is as it is here, and where the other made it do something else both are
 * there. No key is there twice.
 * @param base what both began with
 */
export function mergeKeys(
  owner: Owner,
  base: readonly Key[],
  mine: readonly Key[],
  theirs: readonly Key[],
): readonly Key[] {
  return owner === 'device' ? byPlace(base, mine, theirs) : byMeaning(base, mine, theirs)
}

/** Keys of a phone: each place by itself. */
function byPlace(base: readonly Key[], mine: readonly Key[], theirs: readonly Key[]): readonly Key[] {
  const place = ({ bank, position }: Key): string => `${bank ?? ''} ${position ?? 0}`
  const at = (keys: readonly Key[]): Map<string, Key> => new Map(keys.map((key) => [place(key), key]))
  const [before, here, there] = [at(base), at(mine), at(theirs)]
  const places = [...new Set([...there.keys(), ...here.keys()])]
  return distinct(
    places.flatMap((one) => {
      const [old, own, other] = [before.get(one), here.get(one), there.get(one)]
      const touched = (old && content(old)) !== (own && content(own))
      return (touched ? own : other) ?? []
    }),
  )
}

/** Keys in an order: told apart by what they do. */
function byMeaning(base: readonly Key[], mine: readonly Key[], theirs: readonly Key[]): readonly Key[] {
  const before = new Map(base.map((key) => [key.id, key]))
  const there = new Map(theirs.map((key) => [keyMeaning(key), key]))
  /** My keys as they are to be: new and changed ones mine, untouched ones theirs unless taken away there. */
  const kept = mine.flatMap((key): Key[] => {
    const old = before.get(key.id)
    if (!old || content(old) !== content(key)) return [key]
    return [there.get(keyMeaning(old)) ?? []].flat()
  })
  const known = new Set([...base, ...mine].map(keyMeaning))
  const added = theirs.filter((key) => !known.has(keyMeaning(key)))
  const isReordered = !isSubsequence(
    mine.flatMap(({ id }) => (before.has(id) ? [id] : [])),
    base.map(({ id }) => id),
  )
  if (isReordered) return distinct([...kept, ...added])
  // Their order, with mine put in where they stood here.
  const result = inTheirOrder(kept, added, theirs, before)
  return distinct(result)
}

function inTheirOrder(
  kept: readonly Key[],
  added: readonly Key[],
  theirs: readonly Key[],
  before: ReadonlyMap<string, Key>,
): Key[] {
  const result: Key[] = []
  const rest = [...kept]
  for (const key of theirs) {
    if (added.includes(key)) {
      result.push(key)
      continue
    }
    const own = rest.findIndex((one) => keyMeaning(before.get(one.id) ?? one) === keyMeaning(key))
    if (own >= 0) result.push(...rest.splice(own, 1))
  }
  for (const key of rest) {
    const at = kept.indexOf(key)
    const previous = kept.slice(0, at).findLast((one) => result.includes(one))
    result.splice(previous ? result.indexOf(previous) + 1 : at === 0 ? 0 : result.length, 0, key)
  }
  return result
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let from = 0
  return part.every((one) => {
    const index = whole.indexOf(one, from)
    from = index + 1
    return index >= 0
  })
}

/** Each key once: the first that does it stays. */
function distinct(keys: readonly Key[]): readonly Key[] {
  const seen = new Set<string>()
  return keys.filter((key) => {
    if (key.kind === 'line' || key.kind === 'none') return true
    const meaning = keyMeaning(key)
    const isNew = !seen.has(meaning)
    seen.add(meaning)
    return isNew
  })
}
