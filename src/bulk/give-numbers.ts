import type { Problem } from '../domain/errors.js'
import type { SettingContent } from '../settings/vocabulary.js'
import type { UnnumberedPerson } from '../extensions/unnumbered.js'
import type { Existing } from './plan-parts.js'
import { unnumberedBasis, whoIs } from './plan-unnumbered.js'
import { problemAt } from './row-problems.js'
import { isGood, type GoodRow, type ReadRow } from './row.js'

/** People without a number whom a file gives one. */
export interface GivenNumbers {
  /** Rows with what was kept of them. */
  readonly rows: readonly ReadRow[]
  /** By the number that each is given. */
  readonly taken: ReadonlyMap<string, UnnumberedPerson>
  /** Who was looked at, as `basis.ts` has it. */
  readonly basis: readonly string[]
}

/**
 * A row with a number that nobody has, and the name and e-mail address of somebody who has none yet, gives it to that
 * person, with all that was kept; what the row says itself counts. Without an e-mail address in the row the name will do
 * when one person alone has it. Somebody whom another row names without a number stays without.
 */
export function giveNumbers(rows: readonly ReadRow[], { unnumbered, extensions }: Existing): GivenNumbers {
  if (unnumbered.length === 0) return { rows, taken: new Map(), basis: [] }
  const stay = new Set(
    rows.filter(isGood).flatMap(({ checked, name }) => (checked.extension ? [] : whoIs(name, checked.email))),
  )
  const free = unnumbered.filter((one) => !stay.has(whoIs(one.displayName, one.email)))
  const byWho = new Map(free.map((one) => [whoIs(one.displayName, one.email), one]))
  const byName = new Map<string, UnnumberedPerson | undefined>()
  for (const one of free) {
    const name = whoIs(one.displayName, undefined)
    byName.set(name, byName.has(name) ? undefined : one)
  }
  const personOf = ({ checked: { name = '', email } }: GoodRow): UnnumberedPerson | undefined =>
    byWho.get(whoIs(name, email)) ?? (email === undefined ? byName.get(whoIs(name, undefined)) : undefined)
  const taken = new Map<string, UnnumberedPerson>()
  const numbers = new Map<UnnumberedPerson, string>()
  const given = rows.map((row) => {
    if (!isGood(row)) return row
    const { extension, name } = row.checked
    if (extension === undefined || name === undefined || extensions.has(extension)) return row
    const person = personOf(row)
    if (!person || (numbers.get(person) ?? extension) !== extension) return row
    taken.set(extension, person)
    numbers.set(person, extension)
    return withKept(row, person)
  })
  const basis = [...taken.values()].map((one) => unnumberedBasis(whoIs(one.displayName, one.email), one))
  return { rows: given, taken, basis }
}

function withKept(row: GoodRow, { email, settings }: UnnumberedPerson): GoodRow {
  const { checked } = row
  const kept = settings as ReadonlyMap<string, SettingContent>
  const both = new Map([...kept, ...(checked.settings ?? [])])
  const told: Problem = problemAt(
    'NUMBER_INVALID',
    row.row,
    undefined,
    `${checked.name ?? ''} had no number yet and gets this one, with all that was kept`,
    'warning',
  )
  return {
    ...row,
    checked: {
      ...checked,
      ...(checked.email === undefined && email !== undefined ? { email } : {}),
      ...(both.size === 0 ? {} : { settings: both }),
    },
    problems: [...row.problems, told],
  }
}
