import type { Problem } from '../domain/errors.js'
import { PHONE_KEY } from './columns.js'
import { problemAt } from './row-problems.js'
import type { ImportRow, PlacedKey } from './row.js'

/** Rows that belong together: of one person, or of one phone. */
export type Rows = readonly ImportRow[]

const PHONE_FIELDS = ['model', 'phoneName', 'phoneState', 'phoneGroup', 'phoneKeys'] as const
type PhoneField = (typeof PHONE_FIELDS)[number]
export type PersonField = 'name' | 'email' | 'password' | 'username' | 'enabled' | 'groups' | 'keys'
/** What a mistake in keys is told of; other fields are columns themselves. */
const COLUMNS: Readonly<Record<string, string>> = { keys: 'key1', phoneKeys: PHONE_KEY }

/** The one value of a field that all rows of a person or phone agree on; undefined when none has one. */
export function agreed<K extends PersonField | PhoneField>(
  rows: Rows,
  field: K,
  problems: Problem[],
): ImportRow[K] | undefined {
  if (rows.length === 1) return rows[0]?.[field]
  // Without keys a row says nothing of them.
  const given = rows.filter(
    (row) => row[field] !== undefined && (!COLUMNS[field] || (row[field] as readonly PlacedKey[]).length > 0),
  )
  const first = given[0]
  const other = given.find((row) => JSON.stringify(row[field]) !== JSON.stringify(first?.[field]))
  if (other && first) {
    const whose = PHONE_FIELDS.some((one) => one === field) ? 'phone' : 'extension'
    const what = `differs from row ${first.row}, which is the same ${whose}`
    problems.push(problemAt('CSV_INVALID', other.row, COLUMNS[field] ?? field, what))
  }
  return first?.[field] ?? rows.find((row) => row[field] !== undefined)?.[field]
}

/** As `agreed`, of settings: by name, what all rows agree on. */
export function agreedSettings(
  rows: Rows,
  kind: 'settings' | 'phoneSettings',
  problems: Problem[],
): Map<string, unknown> {
  const [whose, prefix] = kind === 'settings' ? ['extension', ''] : ['phone', 'phone.']
  const settings = new Map<string, unknown>()
  const from = new Map<string, number>()
  for (const row of rows) {
    for (const [key, value] of row[kind] ?? []) {
      const other = from.get(key)
      if (other !== undefined && JSON.stringify(settings.get(key)) !== JSON.stringify(value)) {
        problems.push(
          problemAt('CSV_INVALID', row.row, `${prefix}${key}`, `differs from row ${other}, which is the same ${whose}`),
        )
      }
      if (other === undefined) settings.set(key, value)
      from.set(key, other ?? row.row)
    }
  }
  return settings
}

/** Names of columns that are there but empty in every row. */
export function emptyInAll([first, ...others]: Rows): string[] {
  return [...(first?.empty ?? [])].filter((name) => others.every((row) => row.empty?.has(name)))
}

/** A group that nobody has made yet may be a slip of the pen. */
export function madeGroup(rows: Rows, column: 'groups' | 'phoneGroup', name: string): Problem {
  const row = rows.find((each) => each[column] !== undefined)?.row ?? 0
  return problemAt('GROUP_NOT_FOUND', row, column, `there is no group "${name}" yet: it is made`, 'warning')
}
