import type { LineKey } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import { guardCell } from './csv.js'

/** A person to export. */
export interface ExportPerson {
  number: string
  displayName: string
  email?: string | undefined
  /** Only when asked for. */
  password?: string | undefined
  keys: readonly Pick<LineKey, 'kind' | 'value' | 'label'>[]
}

/** A phone to export, with the numbers on its lines. */
export interface ExportPhone {
  mac: Mac
  model: string
  lines: readonly { position: number; extension: string }[]
}

/**
 * The CSV that `import` reads: a row per line of each phone, then people without a phone. UTF-8 text with CRLF, cells
 * that a spreadsheet would take for a formula are guarded. Importing it again changes nothing.
 */
export function exportCsv(people: readonly ExportPerson[], phones: readonly ExportPhone[]): string {
  const byNumber = new Map(people.map((person) => [person.number, person]))
  const withPhone = new Set(phones.flatMap(({ lines }) => lines.map(({ extension }) => extension)))
  const alone = people.filter(({ number }) => !withPhone.has(number))
  const keyCount = Math.max(0, ...people.map(({ keys }) => keys.length))
  const passwords = people.some(({ password }) => password !== undefined)
  // Only phones whose lines are not 1, 2, 3, … need the column.
  const positions = phones.some(({ lines }) => lines.some(({ position }, index) => position !== index + 1))
  const header = [
    'mac',
    'model',
    ...(positions ? ['line'] : []),
    'extension',
    'name',
    'email',
    ...(passwords ? ['password'] : []),
    ...Array.from({ length: keyCount }, (_, index) => `key${index + 1}`),
  ]
  const rowOf = (mac: string, model: string, line: string, person: ExportPerson | undefined): string[] => [
    mac,
    model,
    ...(positions ? [line] : []),
    person?.number ?? '',
    person?.displayName ?? '',
    person?.email ?? '',
    ...(passwords ? [person?.password ?? ''] : []),
    ...Array.from({ length: keyCount }, (_, index) => keyCell(person?.keys[index])),
  ]
  const rows = [
    ...phones.flatMap(({ mac, model, lines }) =>
      lines.length === 0
        ? [rowOf(mac, model, '', undefined)]
        : lines.map(({ position, extension }) => rowOf(mac, model, String(position), byNumber.get(extension))),
    ),
    ...alone.map((person) => rowOf('', '', '', person)),
  ]
  return [header, ...rows].map((row) => `${row.map(cellText).join(',')}\r\n`).join('')
}

function keyCell(key: ExportPerson['keys'][number] | undefined): string {
  if (!key) return ''
  const { kind, value, label } = key
  return [
    kind,
    ...(value === undefined && label === undefined ? [] : [value ?? '']),
    ...(label === undefined ? [] : [label]),
  ].join(':')
}

function cellText(cell: string): string {
  const guarded = guardCell(cell)
  return /[",;|\t\r\n]|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
