import type { KeyKind } from '../domain/entities.js'
import { featureCodeIn, type FeatureCode } from './feature-codes.js'
import { KINDS_THAT_WATCH } from './watching.js'

/** What a key may be without, and is told all the same. */
export interface KeyWarning {
  readonly why: 'unwatched' | 'code-off' | 'no-transfer' | 'pause'
  /** Who may not be watched, the code that is switched off, or what is dialled. */
  readonly value: string
  /** Name of the code. */
  readonly name?: string
}

/** What is known of numbers and codes. */
export interface KeyKnowledge {
  /** True for a number that somebody has who may not be watched. */
  isUnwatched(number: string): boolean
  readonly codes: readonly FeatureCode[]
  /** The keys are those of somebody who may not transfer calls. */
  readonly mayNotTransfer?: boolean
}

/** Kinds whose value is not dialled. */
const NOT_DIALLED: ReadonlySet<KeyKind> = new Set(['url', 'paging'])

/** Characters that other phones take for a pause; none of the vendors' guides names any for keys. */
const PAUSE = /^[+*#\d]+[,;pPwW]/

/** What a key will not do although it is written: nobody may watch that person, or the code is switched off. */
export function keyWarning(
  { kind, value }: { readonly kind: KeyKind; readonly value?: string | undefined },
  { isUnwatched, codes, mayNotTransfer }: KeyKnowledge,
): KeyWarning | undefined {
  if (kind === 'transfer' && mayNotTransfer === true) return { why: 'no-transfer', value: value ?? '' }
  if (value === undefined || value === '' || NOT_DIALLED.has(kind)) return undefined
  if (KINDS_THAT_WATCH.has(kind) && isUnwatched(value)) return { why: 'unwatched', value }
  const code = featureCodeIn(value, codes)
  if (PAUSE.test(value)) return { why: 'pause', value }
  return code && !code.on ? { why: 'code-off', value: code.code, name: code.name } : undefined
}

/** A warning in words, for reports and programs. */
export function keyWarningText({ why, value, name = '' }: KeyWarning): string {
  if (why === 'unwatched') return `${value} may not be watched: the lamp stays dark`
  if (why === 'no-transfer') return 'this person may not transfer calls'
  if (why === 'pause') return `pauses in ${value} are written as they stand: whether the phone takes them is not sure`
  return `the feature code ${value}${name === '' ? '' : ` (${name})`} is switched off`
}
