import type { ErrorCode, Problem } from '../domain/errors.js'
import type { Field } from './mapping.js'
import type { Profile } from './profile.js'

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
