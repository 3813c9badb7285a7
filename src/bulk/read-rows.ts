import { AppError, type Problem } from '../domain/errors.js'
import { parseExtensionNumber } from '../domain/extension-number.js'
import { requireEmail, requireName, requirePassword } from '../extensions/rules.js'
import { requireUserName } from '../extensions/user-names.js'
import type { SettingContent } from '../settings/vocabulary.js'
import type { OwnerLayer } from './settings-change.js'
import { IMPORTED, type Column, type Field } from './columns.js'
import { cleanCell, lostNumber, readMac, withoutDecimals, type Repair } from './damage.js'
import { groupName, requireGroups } from './group-names.js'
import type { Mapping } from './mapping.js'
import { headerKey } from './profile.js'
import { rangeProblem, rowsOfRange } from './ranges.js'
import { askedValues, CLEARED, composedName, emptyColumns, noRow, withoutAbsent, withoutField } from './row-cells.js'
import { problemAt, problemsOfMany, problemsOfWho, ruleProblems } from './row-problems.js'
import { readKeys, readSettings, requirePhoneState, warnOfNobody } from './read-values.js'
import type { ImportRow, ReadRow } from './row.js'
import type { TableRow } from './table.js'

export interface ReadingParts {
  /** The value of a setting, a person's if nothing else is said. Throws SETTING_UNKNOWN, SETTING_VALUE_INVALID. */
  checkSetting(key: string, value: unknown, layer?: OwnerLayer): SettingContent
  /** The id of a model named in any of the usual ways; undefined: nobody knows it. */
  findModel(model: string, vendor: string): string | undefined
}

export interface Reading {
  readonly rows: readonly ReadRow[]
  /** Cells that were mended, by what was wrong. */
  readonly repairs: Map<Repair, number>
  /** Rows with a value, by column. */
  readonly filled: readonly number[]
}

/** Also what spreadsheets of other languages make of TRUE and FALSE. */
const WORDS: Readonly<Record<string, boolean>> = {
  wahr: true,
  vrai: true,
  oui: true,
  verdadero: true,
  vero: true,
  sí: true,
  si: true,
  истина: true,
  да: true,
  falsch: false,
  faux: false,
  non: false,
  falso: false,
  ложь: false,
  нет: false,
  '1': true,
  true: true,
  yes: true,
  on: true,
  y: true,
  ja: true,
  enabled: true,
  active: true,
  '0': false,
  false: false,
  no: false,
  off: false,
  n: false,
  nein: false,
  disabled: false,
  inactive: false,
}

/** Reads the cells of every row by what their columns are. Nothing is refused here as a whole: each row says what is wrong. */
export async function readRows(
  first: readonly TableRow[],
  rest: AsyncIterable<TableRow>,
  mapping: Mapping,
  parts: ReadingParts,
): Promise<Reading> {
  const repairs = new Map<Repair, number>()
  const filled = mapping.columns.map(() => 0)
  const reader = new RowReader(mapping, parts, (repair) => repairs.set(repair, (repairs.get(repair) ?? 0) + 1), filled)
  const numberColumn = mapping.columns.findIndex(({ target }) => target.kind === 'field' && target.field === 'number')
  const rows: ReadRow[] = []
  const take = (row: TableRow): void => {
    for (const one of rowsOfRange(row, numberColumn)) rows.push(reader.read(one))
  }
  first.forEach(take)
  for await (const row of rest) take(row)
  return { rows, repairs, filled }
}

class RowReader {
  /** Where the columns are that a profile's rules name. */
  readonly #places: ReadonlyMap<string, number>

  constructor(
    private readonly mapping: Mapping,
    private readonly parts: ReadingParts,
    private readonly note: (repair: Repair) => void,
    private readonly filled: number[],
  ) {
    this.#places = new Map(mapping.columns.map(({ header, from }, index) => [headerKey(from?.header ?? header), index]))
  }

  read({ row, cells, isOneOfMany }: TableRow): ReadRow {
    const { columns, profile } = this.mapping
    const leftOut = noRow(cells, this.mapping)
    if (leftOut !== undefined) {
      return { row, number: '', mac: '', name: cells.find((cell) => cell.trim() !== '') ?? '', problems: [], leftOut }
    }
    const problems: Problem[] = []
    if (cells.length > columns.length && cells.slice(columns.length).some((cell) => cell.trim() !== '')) {
      const what = `has ${cells.length} columns, the header has ${columns.length}: is a quote missing?`
      problems.push(problemAt('CSV_INVALID', row, undefined, what))
    }
    const texts = columns.map((column, index) => this.#text(column, cells[index] ?? '', index))
    const byField = new Map<Field, { text: string; header: string }>()
    columns.forEach(({ target, header }, index) => {
      if (target.kind === 'field') byField.set(target.field, { text: texts[index] ?? '', header })
    })
    if (profile)
      problems.push(...ruleProblems(profile, (header) => texts[this.#places.get(headerKey(header)) ?? -1] ?? '', row))
    if (isOneOfMany) problems.push(...problemsOfMany(row, byField))
    const checked = this.#row(row, columns, texts, byField, problems)
    const shown = (field: Field): string => {
      const text = byField.get(field)?.text ?? ''
      return field === 'number' && text === CLEARED ? '' : text
    }
    const isGood = problems.every(({ severity }) => severity === 'warning')
    const asked = askedValues(columns, texts)
    return {
      row,
      number: checked.extension ?? shown('number'),
      mac: checked.mac ?? shown('mac'),
      name: checked.keysOfGroup ?? checked.name ?? shown('name'),
      ...(isGood ? { checked } : {}),
      problems,
      ...(asked.length === 0 ? {} : { asked }),
    }
  }

  #text({ target, from }: Column, cell: string, index: number): string {
    // Foreign text is kept byte for byte.
    if (target.kind === 'kept' || ('exact' in target && target.exact)) {
      if (cell.trim() !== '') this.filled[index] = (this.filled[index] ?? 0) + 1
      return /^'(?='*[=+\-@\t\r]|'+\d)/.test(cell) ? cell.slice(1) : cell
    }
    let text = cleanCell(cell, this.note)
    if (target.kind === 'field' && /[\r\n]/.test(text)) {
      this.note('line-breaks')
      text = text.replace(/\s*[\r\n]+\s*/g, ' ')
    }
    if (from?.first && text !== '') text = (text.split(/[\s,;]+/)[0] ?? '').trim()
    text = from?.values.get(text.toLowerCase()) ?? text
    if (text !== '') this.filled[index] = (this.filled[index] ?? 0) + 1
    return text
  }

  #row(
    row: number,
    columns: readonly Column[],
    texts: readonly string[],
    byField: ReadonlyMap<Field, { text: string; header: string }>,
    problems: Problem[],
  ): ImportRow {
    const attempt = <T>(header: string, work: () => T): T | undefined => {
      try {
        return work()
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        problems.push(problemAt(error.code, row, header, withoutField(error)))
        return undefined
      }
    }
    const read = <T>(field: Field, make: (text: string, header: string) => T | undefined): T | undefined => {
      const cell = byField.get(field)
      return cell && cell.text !== '' ? attempt(cell.header, () => make(cell.text, cell.header)) : undefined
    }
    const warn = (header: string, what: string): void => {
      problems.push(problemAt('CSV_INVALID', row, header, what, 'warning'))
    }
    const extension = read('number', (given) => {
      if (given === CLEARED) return undefined
      const lost = lostNumber(given)
      const number = parseExtensionNumber(withoutDecimals(given, this.note))
      if (number !== undefined && lost === undefined) return number
      throw new AppError(
        'NUMBER_INVALID',
        lost ?? rangeProblem(given) ?? `"${given.slice(0, 30)}" is not an extension number: 1 to 20 of 0-9 * #`,
      )
    })
    const mac = read('mac', (given, header) => {
      const found = readMac(given)
      if ('problem' in found) throw new AppError('MAC_INVALID', found.problem)
      if (found.repaired) {
        this.note('leading-zeros')
        warn(header, `"${given}" lost its leading zeros; taken as ${found.mac}`)
      }
      return found.mac
    })
    const vendor = byField.get('vendor')?.text ?? ''
    const model = read('model', (given) => this.parts.findModel(given, vendor) ?? given.toLowerCase())
    const line = read('line', (given) => {
      const position = Number(withoutDecimals(given, this.note))
      if (Number.isInteger(position) && position >= 1 && position <= 64) return position
      throw new AppError('LINE_INVALID', `"${given.slice(0, 30)}" is not a line: a number from 1`)
    })
    const enabled = read('enabled', (given) => {
      const word = WORDS[given.toLowerCase()]
      if (word !== undefined) return word
      throw new AppError('CSV_INVALID', `"${given.slice(0, 30)}" is neither yes nor no`)
    })
    const username = read('username', (given) => requireUserName(given))
    const badEmails = new Map<string, string>()
    const email = read('email', (given, header) => {
      try {
        return requireEmail(given)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        warn(header, `"${given.slice(0, 40)}" is not an e-mail address; kept as text`)
        badEmails.set(`${IMPORTED}email`, given)
        return undefined
      }
    })
    const password = read('password', (given) => requirePassword(given))
    const phoneName = read('phoneName', (given) => requireName(given))
    const { keys, phoneKeys } = readKeys(row, columns, texts, problems)
    const { own: settings, ...ofOthers } = readSettings(columns, texts, attempt, this.parts)
    for (const [key, given] of badEmails) settings.set(key, given)
    const name = read('name', (given) => requireName(given)) ?? composedName(settings)
    const empty = emptyColumns(columns, texts)
    if (extension === undefined && settings.size > 0 && mac !== undefined) {
      const what = `nobody is on this phone, so there is nobody to keep ${[...settings.keys()].join(', ')} for`
      problems.push(problemAt('CSV_INVALID', row, undefined, what, 'warning'))
    }
    const lineLabel = read('lineLabel', (given) => requireName(given))
    const phoneGroup = read('phoneGroup', (given) => (given === CLEARED ? '' : groupName(given)))
    const phoneState = read('phoneState', (given) => requirePhoneState(given))
    const groups = read('groups', (given) => requireGroups(given))
    const keysOfGroup = read('keysOfGroup', (given) => requireName(given))
    problems.push(...problemsOfWho(row, byField, name !== undefined, this.mapping.profile?.withoutNumber === true))
    const person = { extension, name, email, password, username, enabled, groups, keysOfGroup, keys }
    const phone = { mac, line, model, phoneName, phoneState, phoneGroup, phoneKeys, lineLabel }
    const more = { settings: settings.size === 0 ? undefined : settings, empty: empty.size === 0 ? undefined : empty }
    // Not spread into one: for ten thousand rows that takes several times as long.
    const given = Object.assign({ row }, person, phone, ofOthers, more)
    warnOfNobody(row, given, problems)
    return withoutAbsent<ImportRow>(given)
  }
}
