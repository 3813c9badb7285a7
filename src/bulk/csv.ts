import { CsvError, parse } from 'csv-parse/sync'
import { KEY_KINDS, type KeyKind } from '../domain/entities.js'
import { AppError, type ErrorCode, type Problem } from '../domain/errors.js'
import { parseExtensionNumber, type ExtensionNumber } from '../domain/extension-number.js'
import { parseMac, type Mac } from '../domain/mac-address.js'
import { requireEmail, requireName, requirePassword } from '../extensions/rules.js'
import { detectDelimiter } from './decode.js'

/** One key of a person, from a cell such as `blf:102:Bob`. */
export interface ImportKey {
  kind: KeyKind
  value?: string
  label?: string
}

/** A checked row. A row without MAC is a person without a phone, one without extension a phone without a line. */
export interface ImportRow {
  /** Row of the file; the header is row 1. */
  row: number
  extension?: ExtensionNumber
  mac?: Mac
  /** Line of the phone; absent: the rows of a phone are its lines in order. */
  line?: number
  /** Model id as the folders of device-templates. */
  model?: string
  name?: string
  email?: string
  password?: string
  /** Undefined: the file has no key columns, keys stay as they are. */
  keys?: ImportKey[]
}

export interface ParsedCsv {
  rows: ImportRow[]
  problems: Problem[]
}

const COLUMNS = ['mac', 'model', 'line', 'extension', 'name', 'email', 'password'] as const
const KEY_COLUMN = /^key[ _-]?(\d{1,3})$/

/**
 * Reads `mac,model,extension,name,email,password` and `key1`, `key2`, …: any order, any case, columns may be left out
 * (extension must be there); delimiter found by itself. Every mistake is listed with row and column.
 */
export function parseCsv(text: string): ParsedCsv {
  const table = readTable(text)
  const [header, ...body] = table
  if (!header) return { rows: [], problems: [problem('CSV_INVALID', 1, undefined, 'the file is empty')] }
  const names = header.record.map((name) => name.trim().toLowerCase())
  const problems = headerProblems(names)
  if (problems.length > 0) return { rows: [], problems }
  const rows: ImportRow[] = []
  for (const { record, row } of body) {
    if (record.every((cell) => cell.trim() === '')) continue
    if (record.length !== names.length) {
      problems.push(
        problem('CSV_INVALID', row, undefined, `has ${record.length} columns, the header has ${names.length}`),
      )
      continue
    }
    const cells = new Map(names.map((name, index) => [name, clean(record[index] ?? '')]))
    const read = readRow(cells, row)
    problems.push(...read.problems)
    if (read.row) rows.push(read.row)
  }
  return { rows, problems }
}

interface Line {
  record: string[]
  row: number
}

function readTable(text: string): Line[] {
  try {
    const read = parse(text, {
      delimiter: detectDelimiter(text),
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
    }) as unknown as { record: string[]; info: { lines: number } }[]
    return read.map(({ record, info }) => ({ record, row: info.lines }))
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new AppError('CSV_INVALID', `row ${String(error.lines ?? '?')}: ${error.message}`, {
      hint: 'A quote that opens a cell must also close it',
    })
  }
}

function headerProblems(names: readonly string[]): Problem[] {
  const known = (name: string): boolean => (COLUMNS as readonly string[]).includes(name) || KEY_COLUMN.test(name)
  const problems = names.flatMap((name, index) => {
    if (!known(name)) {
      return [
        problem('CSV_INVALID', 1, name, `unknown column "${name}"; known are ${COLUMNS.join(', ')}, key1, key2, …`),
      ]
    }
    return names.indexOf(name) === index ? [] : [problem('CSV_INVALID', 1, name, `the column "${name}" stands twice`)]
  })
  if (!names.includes('extension'))
    problems.push(problem('CSV_INVALID', 1, 'extension', 'the column "extension" is missing'))
  return problems
}

/** Takes outer blanks away, and the apostrophe that spreadsheets and `guardCell` put before =, +, -, @ and digits. */
function clean(cell: string): string {
  return cell.trim().replace(/^'(?='*[=+\-@\d])/, '')
}

/** A cell that no spreadsheet takes for a formula; `clean` is the reverse. */
export function guardCell(cell: string): string {
  return /^(?:[=+\-@]|'+[=+\-@\d])/.test(cell) ? `'${cell}` : cell
}

function readRow(cells: ReadonlyMap<string, string>, row: number): { row?: ImportRow; problems: Problem[] } {
  const problems: Problem[] = []
  const cell = (name: string): string => cells.get(name) ?? ''
  const attempt = <T>(column: string, read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      problems.push(problem(error.code, row, column, error.message))
      return undefined
    }
  }
  const extension = parseExtensionNumber(cell('extension'))
  const phoneOnly = cell('extension') === '' && cell('mac') !== ''
  if (extension === undefined && !phoneOnly) {
    problems.push(problem('NUMBER_INVALID', row, 'extension', badNumber(cell('extension'))))
  }
  const line = cell('line') === '' ? undefined : Number(cell('line'))
  if (line !== undefined && !(Number.isInteger(line) && line >= 1 && line <= 64)) {
    problems.push(problem('LINE_INVALID', row, 'line', `"${cell('line').slice(0, 30)}" is not a line: a number from 1`))
  }
  const mac = cell('mac') === '' ? undefined : parseMac(cell('mac'))
  if (cell('mac') !== '' && mac === undefined) problems.push(problem('MAC_INVALID', row, 'mac', badMac(cell('mac'))))
  const name = cell('name') === '' ? undefined : attempt('name', () => requireName(cell('name')))
  const email = cell('email') === '' ? undefined : attempt('email', () => requireEmail(cell('email')))
  const password = cell('password') === '' ? undefined : attempt('password', () => requirePassword(cell('password')))
  const keyColumns = [...cells.keys()].filter((column) => KEY_COLUMN.test(column)).sort(byNumber)
  const keys = keyColumns.flatMap((column) => {
    if (cell(column) === '') return []
    const key = readKeyCell(cell(column))
    if (typeof key !== 'string') return [key]
    problems.push(problem('KEY_INVALID', row, column, key))
    return []
  })
  if (problems.length > 0) return { problems }
  const model = cell('model').toLowerCase()
  return {
    problems,
    row: {
      row,
      ...(extension === undefined ? {} : { extension }),
      ...(line === undefined ? {} : { line }),
      ...(mac === undefined ? {} : { mac }),
      ...(model === '' ? {} : { model }),
      ...(name === undefined ? {} : { name }),
      ...(email === undefined ? {} : { email }),
      ...(password === undefined ? {} : { password }),
      ...(keyColumns.length === 0 ? {} : { keys }),
    },
  }
}

function byNumber(a: string, b: string): number {
  return Number(KEY_COLUMN.exec(a)?.[1]) - Number(KEY_COLUMN.exec(b)?.[1])
}

/** `blf:102:Bob`, `speed-dial:0301234`, `dnd`; a bare number is a BLF key. Returns what is wrong, as text. */
export function readKeyCell(text: string): ImportKey | string {
  if (parseExtensionNumber(text) !== undefined) return { kind: 'blf', value: text }
  const [kind = '', value = '', ...label] = text.split(':')
  const known = KEY_KINDS.find((name) => name === kind.trim().toLowerCase())
  if (known === undefined)
    return `"${kind.slice(0, 30)}" is no kind of key; write kind:value:label, kinds are ${KEY_KINDS.join(', ')}`
  const shown = label.join(':').trim()
  return {
    kind: known,
    ...(value.trim() === '' ? {} : { value: value.trim() }),
    ...(shown === '' ? {} : { label: shown }),
  }
}

function badNumber(text: string): string {
  if (text === '') return 'the extension is missing'
  return `"${text.slice(0, 30)}" is not an extension number: 1 to 20 of 0-9 * #`
}

function badMac(text: string): string {
  if (/^\d+([.,]\d+)?E\+\d+$/i.test(text)) {
    return `"${text}" is a MAC address that a spreadsheet turned into a number; format the column as text and type it again`
  }
  return `"${text.slice(0, 30)}" is not a phone's MAC address: 12 hexadecimal digits`
}

function problem(code: ErrorCode, row: number, column: string | undefined, message: string): Problem {
  const where = column === undefined ? `row ${row}` : `row ${row}, column ${column}`
  return { code, row, ...(column === undefined ? {} : { column }), message: `${where}: ${message}` }
}
