import { firstSet } from '../snapshot/person-layers.js'

/** A code that people dial at the switchboard: `*26`. */
export interface FeatureCode {
  readonly code: string
  readonly name: string
  /** Switched off: the switchboard does not take it. */
  readonly on: boolean
}

/** Setting of a site that holds its table of feature codes. */
const FEATURE_CODES = 'featureCodes'

/**
 * The table of feature codes.
 * @param layers values of the site, then of all
 */
export function featureCodesOf(layers: readonly ReadonlyMap<string, unknown>[]): readonly FeatureCode[] {
  const value = firstSet(layers, FEATURE_CODES)
  return Array.isArray(value) ? (value as FeatureCode[]) : []
}

/** The code that a dialled text begins with: of `*2` and `*26` the longer one. */
export function featureCodeIn(text: string, codes: readonly FeatureCode[]): FeatureCode | undefined {
  const found = codes.filter(({ code }) => text === code || text.startsWith(code))
  return found.sort((a, b) => b.code.length - a.code.length)[0]
}
