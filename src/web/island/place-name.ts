import { moduleOf } from '../../catalog/key-modules.js'
import type { KeySheet } from '../../catalog/key-sheet.js'
import type { Place } from './key.js'

/** How people count a key: `n` in its bank as the phone counts, or on the expansion module it lies on. */
export function placeNumbers(
  { keys }: Pick<KeySheet, 'keys'>,
  { bank, position }: Place,
): { n: number; module?: number } {
  const rules = Object.hasOwn(keys, bank) ? keys[bank] : undefined
  if (rules?.module) {
    const { module, key } = moduleOf(rules.module, position)
    return { n: key, module }
  }
  const first = rules?.first ?? 1
  // The second bank of display keys begins where the first ends.
  return { n: first === 0 ? position : first + position - 1 }
}
