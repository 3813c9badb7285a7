import type { Id } from '../domain/entities.js'
import type { DeviceRecord, ExtensionRecord, LayerValues } from '../snapshot/snapshot.js'
import { AppError } from '../domain/errors.js'
import { personSearch } from '../extensions/search.js'
import type { Vocabulary } from '../settings/vocabulary.js'
import { csvText } from './csv-text.js'
import { keyCell } from './key-cell.js'
import { IMPORTED, type Field } from './mapping.js'
import type { Pace } from './pace.js'
import { settingText } from './plan-people.js'
import type { Profile, ProfileColumn } from './profile.js'

/** Sizes of an export: each has the columns of the one before and more; `all` has everything of ours. */
export const SCOPES = ['minimal', 'standard', 'full', 'all'] as const
export type Scope = (typeof SCOPES)[number]

export interface ExportOptions {
  /** Default `all`. */
  readonly scope?: Scope | undefined
  /** Columns of this profile instead of a scope's. */
  readonly profile?: string | undefined
  /** Only numbers from here to there, as numbers. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Only people whose number, name, e-mail address or mobile number holds this, in any alphabet. */
  readonly q?: string | undefined
  /** With a byte order mark, by which Excel knows UTF-8. */
  readonly bom?: boolean | undefined
  /** With people's own passwords and PINs. */
  readonly passwords?: boolean | undefined
}

/** What there is in a site. */
export interface Exportable {
  readonly extensions: readonly ExtensionRecord[]
  readonly devices: readonly DeviceRecord[]
  layer(layer: 'extension', owner: string): LayerValues
}

export interface ExportParts {
  readonly vocabulary: Vocabulary
  readonly profiles: readonly Profile[]
  readonly pace: Pace
  isSecret(key: string): boolean
  /** A person's password; who takes it is kept in the audit log. */
  password(number: string): Promise<string>
  /** The text of a sealed setting of a person. */
  openSetting(owner: Id, key: string, sealed: unknown): string
}

/** One row: a line of a phone, a phone without lines, or a person without a phone. */
interface Item {
  readonly person?: ExtensionRecord
  readonly phone?: DeviceRecord
  readonly line?: number
}

const BOM = '\ufeff'
/** The profiles that the small scopes have the columns of. */
const SCOPE_PROFILES: Readonly<Record<Exclude<Scope, 'all'>, string>> = {
  minimal: 'mikopbx-minimal',
  standard: 'mikopbx-standard',
  full: 'mikopbx-full',
}

/**
 * The CSV that `import` reads: a row per line of each phone, then people without a phone; in columns of another product
 * a row per person. UTF-8 with CRLF, formulas guarded. Importing it again changes nothing.
 */
export async function exportPeople(all: Exportable, parts: ExportParts, options: ExportOptions): Promise<string> {
  const { scope = 'all', bom = false } = options
  const profileId = options.profile ?? (scope === 'all' ? undefined : SCOPE_PROFILES[scope])
  const people = wanted(all, options).sort(byNumber)
  const profile = profileId === undefined ? undefined : requireProfile(parts.profiles, profileId)
  const columns = profile ? profileColumns(profile, options, parts) : ownColumns(people, all, parts, options)
  const hasPhones = columns.some(({ field }) => field === 'mac')
  const items = hasPhones ? withPhones(people, all.devices, options) : people.map((person) => ({ person }))
  const rows = [columns.map(({ header }) => header)]
  for (const item of items) {
    const row: string[] = []
    for (const column of columns) row.push(await column.cell(item))
    rows.push(row)
    await parts.pace()
  }
  return `${bom ? BOM : ''}${csvText(rows)}`

  function profileColumns(one: Profile, asked: ExportOptions, with_: ExportParts): ExportColumn[] {
    return one.columns
      .filter(({ leave }) => leave === undefined)
      .map((column) => ({
        header: column.header,
        field: column.to,
        cell: async (item) =>
          theirs(column, await cellOf(column.to ?? `${IMPORTED}${column.header}`, item, all, with_, asked)),
      }))
  }
}

interface ExportColumn {
  header: string
  field?: string | undefined
  cell(item: Item): Promise<string>
}

/** What is the other product's word for a value of ours. */
function theirs({ values }: ProfileColumn, text: string): string {
  return [...values].find(([, ours]) => ours === text)?.[0] ?? text
}

const OWN_FIELDS: readonly Field[] = [
  'mac',
  'model',
  'phoneName',
  'line',
  'number',
  'name',
  'email',
  'username',
  'enabled',
  'password',
]
/** Names that our own files have had from the beginning. */
const OWN_HEADERS: Partial<Record<Field, string>> = { number: 'extension' }

/** Every field; columns that would be empty or say what goes without saying are left out. */
function ownColumns(
  people: readonly ExtensionRecord[],
  all: Exportable,
  parts: ExportParts,
  options: ExportOptions,
): ExportColumn[] {
  const isUsed: Partial<Record<Field, boolean>> = {
    phoneName: all.devices.some(({ name }) => name !== undefined),
    line: all.devices.some(needsPositions),
    username: people.some(({ authUsername, number }) => authUsername !== number),
    enabled: people.some(({ enabled }) => !enabled),
    password: options.passwords === true,
  }
  const keyCount = Math.max(0, ...people.flatMap(({ keys }) => keys.map(({ position }) => position)))
  const settings = new Set(people.flatMap(({ id }) => [...all.layer('extension', id).values.keys()]))
  const names = [
    ...OWN_FIELDS.filter((field) => isUsed[field] ?? true),
    ...Array.from({ length: keyCount }, (_, index) => `key${index + 1}`),
    ...[...settings].filter((key) => options.passwords === true || !parts.isSecret(key)).sort(),
  ]
  return names.map((name) => ({
    header: OWN_HEADERS[name as Field] ?? name,
    field: name,
    cell: (item) => cellOf(name, item, all, parts, options),
  }))
}

async function cellOf(
  name: string,
  { person, phone, line }: Item,
  all: Exportable,
  parts: ExportParts,
  { passwords = false }: ExportOptions,
): Promise<string> {
  switch (name) {
    case 'mac':
      return phone?.mac ?? ''
    case 'model':
      return phone?.model ?? ''
    case 'vendor':
      return phone?.model.split('/')[0] ?? ''
    case 'phoneName':
      return phone?.name ?? ''
    case 'line':
      return line === undefined ? '' : String(line)
    default:
      return person ? personCell(name, person, all, parts, passwords) : ''
  }
}

async function personCell(
  name: string,
  person: ExtensionRecord,
  all: Exportable,
  parts: ExportParts,
  passwords: boolean,
): Promise<string> {
  switch (name) {
    case 'number':
      return person.number
    case 'name':
      return person.displayName
    case 'email':
      return person.email ?? ''
    case 'username':
      return person.authUsername
    case 'enabled':
      return String(person.enabled)
    case 'password':
      // One by one, because each look at a password is an audit row of its own.
      return passwords ? await parts.password(person.number) : ''
  }
  const position = /^key(\d+)$/.exec(name)?.[1]
  if (position !== undefined) {
    const key = person.keys.find((one) => one.position === Number(position))
    return key ? keyCell(key) : ''
  }
  const value = all.layer('extension', person.id).values.get(name)
  if (value === undefined) return ''
  if (!parts.isSecret(name)) return settingText(value)
  if (!passwords) return ''
  return value === null ? settingText(value) : parts.openSetting(person.id, name, value)
}

function withPhones(
  people: readonly ExtensionRecord[],
  devices: readonly DeviceRecord[],
  options: ExportOptions,
): Item[] {
  const byId = new Map(people.map((person) => [person.id, person]))
  const isPart = options.from !== undefined || options.to !== undefined || options.q !== undefined
  const phones = devices
    .filter(({ state }) => state !== 'retired')
    // Of a part of the people only phones that are theirs alone: others would lose lines when it is imported again.
    .filter(({ lines }) => !isPart || (lines.length > 0 && lines.every(({ extensionId }) => byId.has(extensionId))))
    .sort((a, b) => (a.mac < b.mac ? -1 : 1))
  const onPhone = new Set(phones.flatMap(({ lines }) => lines.map(({ extensionId }) => extensionId)))
  return [
    ...phones.flatMap((phone): Item[] =>
      phone.lines.length === 0
        ? [{ phone }]
        : phone.lines.map(({ position, extensionId }) => {
            const person = byId.get(extensionId)
            return { phone, line: position, ...(person ? { person } : {}) }
          }),
    ),
    ...people.filter(({ id }) => !onPhone.has(id)).map((person) => ({ person })),
  ]
}

/** Lines 1, 2, 3, … of different people need no column that says so. */
function needsPositions({ lines }: DeviceRecord): boolean {
  const isTwice = new Set(lines.map(({ extensionId }) => extensionId)).size !== lines.length
  return isTwice || lines.some(({ position }, index) => position !== index + 1)
}

function wanted(all: Exportable, { from, to, q }: ExportOptions): ExtensionRecord[] {
  const fits = q === undefined ? () => true : personSearch(q)
  return all.extensions.filter((one) => {
    if (from !== undefined && !(Number(one.number) >= Number(from))) return false
    if (to !== undefined && !(Number(one.number) <= Number(to))) return false
    return fits(one, all.layer('extension', one.id).values)
  })
}

function byNumber(a: ExtensionRecord, b: ExtensionRecord): number {
  return a.number < b.number ? -1 : 1
}

function requireProfile(profiles: readonly Profile[], id: string): Profile {
  const profile = profiles.find((one) => one.id === id)
  if (profile) return profile
  throw new AppError('PROFILE_NOT_FOUND', `there is no profile "${id.slice(0, 40)}"`, { field: 'profile' })
}
