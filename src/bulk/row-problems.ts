import type { ErrorCode, Problem } from '../domain/errors.js'
import type { Field } from './columns.js'
import type { Profile } from './profile.js'
import { CLEARED } from './row-cells.js'

/** The text of a problem names its place, as all lists of problems do. */
export function problemAt(
  code: ErrorCode,
  row: number,
  column: string | undefined,
  what: string,
  severity?: 'warning',
): Problem {
  const message = `row ${row}${column === undefined ? '' : `, column ${column}`}: ${what}`
  return { code, row, ...(column === undefined ? {} : { column }), message, ...(severity ? { severity } : {}) }
}

/** What a profile says of columns that belong together. */
export function ruleProblems({ rules }: Profile, value: (header: string) => string, row: number): Problem[] {
  return rules.flatMap(({ when, is, needs = [], refuse, severity }) => {
    if (when !== undefined && value(when) === '') return []
    if (when !== undefined && is !== undefined && value(when).toLowerCase() !== is.toLowerCase()) return []
    const warning = severity === 'warning' ? 'warning' : undefined
    if (refuse !== undefined) return [problemAt('CSV_INVALID', row, when, refuse, warning)]
    return needs
      .filter((header) => value(header) === '')
      .map((header) => {
        const because = when === undefined ? '' : `, because ${when} is ${is ?? 'there'}`
        return problemAt('CSV_INVALID', row, header, `${header} is missing${because}`, warning)
      })
  })
}

/** People of a range cannot share what is one person's or one phone's. */
export function problemsOfMany(row: number, byField: ReadonlyMap<Field, { text: string; header: string }>): Problem[] {
  return (['mac', 'password'] as const).flatMap((field) => {
    const cell = byField.get(field)
    if (!cell || cell.text === '') return []
    return [problemAt('CSV_INVALID', row, cell.header, 'many numbers cannot share this; leave it empty')]
  })
}

/** A row is about somebody with a number, somebody without, a phone, or the keys of a group. */
export function problemsOfWho(
  row: number,
  byField: ReadonlyMap<Field, { text: string; header: string }>,
  isNamed: boolean,
  mayBeEmpty: boolean,
): Problem[] {
  const text = (field: Field): string => byField.get(field)?.text ?? ''
  const column = byField.get('number')?.header
  const refused = (what: string): Problem[] => [problemAt('NUMBER_INVALID', row, column, what)]
  const [number, hasMac] = [text('number'), text('mac') !== '']
  if (text('keysOfGroup') !== '') {
    return number === '' && !hasMac ? [] : refused("keys of a group are nobody's: leave number and MAC address empty")
  }
  if (number === CLEARED) {
    if (hasMac) return refused('somebody without a number can have no phone')
    return isNamed ? [] : refused('somebody without a number needs a name')
  }
  if (number !== '' || hasMac || mayBeEmpty) return []
  const hint = isNamed ? `; somebody who has none yet gets ${CLEARED} there` : ''
  return refused(`${byField.has('mac') ? 'neither a number nor a MAC address' : 'the number is missing'}${hint}`)
}
