import type { Layer } from '../domain/entities.js'
import { parseRawKey, type SettingScalar, type Vocabulary } from './vocabulary.js'

/** The values of one layer owner that take part in a resolution. */
export interface LayerInput {
  layer: Layer
  owner: string
  values: ReadonlyMap<string, unknown>
}

/** Where a value came from: a layer and its owner, or the default shipped with phoneboot. */
export type Origin = { layer: Layer; owner: string } | { layer: 'shipped'; owner: '' }

export interface Resolved {
  /** Every setting of the vocabulary. */
  values: Readonly<Record<string, SettingScalar>>
  /** Raw parameters of the family asked for, by parameter name. */
  raw: ReadonlyMap<string, string>
  origin(key: string): Origin
  /** All candidates from weakest to strongest, the shipped default first. */
  explain(key: string): readonly { origin: Origin; value: SettingScalar }[]
}

const SHIPPED: Origin = { layer: 'shipped', owner: '' }

/**
 * Lays the layers over the shipped defaults. The order of `layers` is the order of strength, weakest first;
 * within one layer the order of keys does not matter.
 */
export function resolveSettings(vocabulary: Vocabulary, layers: readonly LayerInput[], family: string): Resolved {
  const values: Record<string, SettingScalar> = {}
  const origins = new Map<string, Origin>()
  const raw = new Map<string, string>()
  for (const [key, definition] of vocabulary) values[key] = definition.default
  for (const { layer, owner, values: given } of layers) {
    for (const [key, value] of given) {
      const rawKey = parseRawKey(key)
      if (rawKey) {
        if (rawKey.family !== family) continue
        raw.set(rawKey.parameter, String(value))
      } else {
        // A setting that a vocabulary no longer has may still be stored.
        if (!vocabulary.has(key)) continue
        values[key] = value as SettingScalar
      }
      origins.set(key, { layer, owner })
    }
  }
  return {
    values,
    raw,
    origin: (key) => origins.get(key) ?? SHIPPED,
    explain: (key) => [
      ...(vocabulary.has(key) ? [{ origin: SHIPPED, value: vocabulary.get(key)?.default ?? null }] : []),
      ...layers
        .filter(({ values: given }) => given.has(key))
        .map(({ layer, owner, values: given }) => ({
          origin: { layer, owner },
          value: given.get(key) as SettingScalar,
        })),
    ],
  }
}
