import type { KeyKind } from '../domain/entities.js'
import { firstSet } from '../snapshot/person-layers.js'

/** Setting of a person that says whether others may watch them. */
const SETTING = 'mayBeWatched'

/**
 * True when others may watch the state of a person: by a key, and by a subscription. The one place that decides it.
 * @param layers values of the person, then of the site, then of all, as `personLayers` gives them
 */
export function mayBeWatched(layers: readonly ReadonlyMap<string, unknown>[]): boolean {
  return firstSet(layers, SETTING) !== false
}

/**
 * False when a person may not transfer calls.
 * @param layers as of `mayBeWatched`
 */
export function mayTransfer(layers: readonly ReadonlyMap<string, unknown>[]): boolean {
  return firstSet(layers, 'mayTransfer') !== false
}

/** Kinds of keys that show the state of whom they are for. */
export const KINDS_THAT_WATCH: ReadonlySet<KeyKind> = new Set(['blf'])
