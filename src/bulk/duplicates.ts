import type { Problem } from '../domain/errors.js'
import { groupKey } from './group-names.js'
import { paced, type Pace } from './pace.js'
import { problemAt } from './row-problems.js'
import type { ImportRow, ReadRow } from './row.js'

/** What is done with a row that is there twice: it is a mistake, or the first or the last of them counts. */
export const DUPLICATE_RULES = ['refuse', 'first', 'last'] as const
export type DuplicateRule = (typeof DUPLICATE_RULES)[number]

/**
 * Rows that say the same person, or the same line of the same phone, again. A person may have several phones and a
 * phone several lines: these are no duplicates. The map says of each row that is left out why.
 */
export async function withoutDuplicates(
  rows: readonly ReadRow[],
  rule: DuplicateRule,
  pace: Pace,
): Promise<ReadonlyMap<ReadRow, Problem>> {
  const duplicates = new Map<ReadRow, Problem>()
  const seen = new Map<string, ReadRow>()
  const withPhone = new Map<string, ReadRow>()
  for await (const row of paced(rows, pace)) {
    const { checked } = row
    if (!checked) continue
    const { extension = '', mac = '', line = '', keysOfGroup } = checked
    const what = keysOfGroup === undefined ? `${extension} ${mac} ${line}` : `group ${groupKey(keysOfGroup)}`
    const earlier = seen.get(what) ?? (mac === '' ? withPhone.get(extension) : undefined)
    if (earlier === undefined) {
      seen.set(what, row)
      if (mac !== '' && extension !== '' && !withPhone.has(extension)) withPhone.set(extension, row)
      continue
    }
    const out = rule === 'last' ? earlier : row
    if (rule === 'last') seen.set(what, row)
    const text =
      rule === 'refuse'
        ? `is the same ${sameWhat(checked)} as row ${earlier.row}`
        : `left out, because row ${(out === row ? earlier : row).row} is the same`
    const column = keysOfGroup !== undefined ? 'keysOfGroup' : mac === '' ? 'number' : 'mac'
    const severity = rule === 'refuse' ? undefined : 'warning'
    duplicates.set(out, problemAt('CSV_INVALID', out.row, column, text, severity))
  }
  return duplicates
}

function sameWhat({ mac, keysOfGroup }: ImportRow): string {
  if (keysOfGroup !== undefined) return 'group'
  return mac === undefined ? 'extension' : 'line of the same phone'
}
