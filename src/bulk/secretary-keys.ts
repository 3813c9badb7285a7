import type { Existing, Strategy } from './plan-parts.js'
import type { GoodRow, PlacedKey, ReadRow } from './row.js'
import { isGood } from './row.js'

/** Boss and secretary, who could each have a key that watches the other. */
export interface SecretaryPair {
  readonly boss: string
  readonly secretary: string
  /** Both have their key already. */
  readonly isThere: boolean
}

export interface SecretaryProposal {
  readonly pairs: readonly SecretaryPair[]
  /** Contexts with several of both, where nothing says who belongs together. */
  readonly unclear: readonly string[]
}

const NOBODY: SecretaryProposal = { pairs: [], unclear: [] }

/**
 * Who belongs together, by what a file says of bosses and secretaries: those of one context, where there is one boss or
 * one secretary. It is a proposal: nobody is given a key unasked.
 */
export function proposeSecretaries(rows: readonly ReadRow[], existing: Existing): SecretaryProposal {
  const contexts = new Map<string, { boss: Set<string>; secretary: Set<string> }>()
  for (const { checked } of rows.filter(isGood)) {
    const role = checked.settings?.get('bossSecretary')
    if (checked.extension === undefined || (role !== 'boss' && role !== 'secretary')) continue
    const context = `${checked.group?.name ?? ''} ${String(checked.settings?.get('dialContext') ?? '')}`.trim()
    const both = contexts.get(context) ?? { boss: new Set(), secretary: new Set() }
    both[role].add(checked.extension)
    contexts.set(context, both)
  }
  if (contexts.size === 0) return NOBODY
  const keys = keysByNumber(rows, existing)
  const pairs: SecretaryPair[] = []
  const unclear: string[] = []
  for (const [context, { boss: bosses, secretary: secretaries }] of contexts) {
    if (bosses.size > 1 && secretaries.size > 1) {
      unclear.push(context)
      continue
    }
    for (const boss of bosses) {
      for (const secretary of secretaries) {
        const isThere = watches(keys, boss, secretary) && watches(keys, secretary, boss)
        pairs.push({ boss, secretary, isThere })
      }
    }
  }
  return { pairs, unclear }
}

type Keys = ReadonlyMap<string, readonly PlacedKey[]>

function watches(keys: Keys, who: string, whom: string): boolean {
  return keys.get(who)?.some(({ kind, value }) => kind === 'blf' && value === whom) ?? false
}

/** What each has and is to have by the file. */
function keysByNumber(rows: readonly ReadRow[], { extensions }: Existing): Keys {
  const keys = new Map<string, PlacedKey[]>()
  for (const { checked } of rows.filter(isGood)) {
    const { extension } = checked
    if (extension === undefined) continue
    const own = keys.get(extension) ?? [...(extensions.get(extension)?.keys ?? [])]
    keys.set(extension, [...own, ...(checked.keys ?? [])])
  }
  return keys
}

/** The rows with the proposed keys behind the keys that are there. */
export function withSecretaryKeys(
  rows: readonly ReadRow[],
  { pairs }: SecretaryProposal,
  existing: Existing,
  strategy: Strategy,
): ReadRow[] {
  const keys = keysByNumber(rows, existing)
  const wanted = new Map<string, string[]>()
  const want = (who: string, whom: string): void => {
    if (!watches(keys, who, whom)) wanted.set(who, [...(wanted.get(who) ?? []), whom])
  }
  for (const { boss, secretary } of pairs) {
    want(boss, secretary)
    want(secretary, boss)
  }
  const withKeys = (row: GoodRow, whom: readonly string[]): ReadRow => {
    const number = row.checked.extension ?? ''
    const last = Math.max(0, ...(keys.get(number) ?? []).map(({ position }) => position))
    const there = existing.extensions.get(number)?.keys ?? []
    // Overwriting takes away what the row does not name.
    const own = row.checked.keys ?? (strategy === 'overwrite' ? there : [])
    const fresh = whom.map((value, index) => ({ kind: 'blf' as const, value, position: last + index + 1 }))
    return { ...row, checked: { ...row.checked, keys: [...own, ...fresh] } }
  }
  return rows.map((row) => {
    if (!isGood(row)) return row
    const whom = wanted.get(row.checked.extension ?? '')
    return whom ? withKeys(row, whom) : row
  })
}
