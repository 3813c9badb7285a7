import type { Id } from '../domain/entities.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import { AppError } from '../domain/errors.js'
import type { UnnumberedPerson } from '../extensions/unnumbered.js'
import type { Vocabulary } from '../settings/vocabulary.js'
import { IMPORTED, type Field } from './columns.js'
import { csvText } from './csv-text.js'
import {
  exportedPart,
  itemsWithPhones,
  needsPositions,
  type Exportable,
  type ExportedPart,
  type ExportItem,
  type ExportOptions,
  type Scope,
} from './export-rows.js'
import { groupsCell } from './group-names.js'
import { keyCell } from './key-cell.js'
import type { Pace } from './pace.js'
import { settingText } from './plan-people.js'
import type { Profile, ProfileColumn } from './profile.js'
import { CLEARED } from './row-cells.js'
import type { KnownGroup } from './value-questions.js'

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
  const part = exportedPart(all, options)
  const profile = profileId === undefined ? undefined : requireProfile(parts.profiles, profileId)
  const columns = profile ? profileColumns(profile, options, parts) : ownColumns(part, all, parts, options)
  const hasPhones = columns.some(({ field }) => field === 'mac')
  const items: ExportItem[] = hasPhones
    ? itemsWithPhones(part, all.devices, options)
    : [...part.people.map((person) => ({ person })), ...part.waiting.map((waiting) => ({ waiting }))]
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
          item.waiting && column.to === 'number' && one.withoutNumber
            ? ''
            : theirs(column, await cellOf(column.to ?? `${IMPORTED}${column.header}`, item, all, with_, asked)),
      }))
  }
}

interface ExportColumn {
  header: string
  field?: string | undefined
  cell(item: ExportItem): Promise<string>
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
  'groups',
  'keysOfGroup',
]
/** Names that our own files have had from the beginning. */
const OWN_HEADERS: Partial<Record<Field, string>> = { number: 'extension' }

/** Every field; columns that would be empty or say what goes without saying are left out. */
function ownColumns(
  { people, waiting, groups }: ExportedPart,
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
    groups: people.some((person) => person.groups !== undefined),
    keysOfGroup: groups.length > 0,
  }
  const keyCount = [...people, ...groups].reduce((most, { keys }) => Math.max(most, keys.at(-1)?.position ?? 0), 0)
  const settings = new Set([
    ...people.flatMap(({ id }) => [...all.layer('extension', id).values.keys()]),
    ...waiting.flatMap((one) => [...one.settings.keys()]),
  ])
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
  { person, phone, line, waiting, group }: ExportItem,
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
      if (person) return personCell(name, person, all, parts, passwords)
      if (waiting) return waitingCell(name, waiting)
      return group ? groupCell(name, group) : ''
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
    case 'groups':
      return groupsCell((person.groups ?? []).flatMap((id) => all.groups.find((group) => group.id === id)?.name ?? []))
    case 'password':
      // One by one, because each look at a password is an audit row of its own.
      return passwords ? await parts.password(person.number) : ''
  }
  const key = keyIn(name, person)
  if (key !== undefined) return key
  const value = all.layer('extension', person.id).values.get(name)
  if (value === undefined) return ''
  if (!parts.isSecret(name)) return settingText(value)
  if (!passwords) return ''
  return value === null ? settingText(value) : parts.openSetting(person.id, name, value)
}

/** The cell of a column of keys; undefined: it is none. */
function keyIn(name: string, { keys }: Pick<ExtensionRecord, 'keys'>): string | undefined {
  const position = /^key(\d+)$/.exec(name)?.[1]
  if (position === undefined) return undefined
  const key = keys.find((one) => one.position === Number(position))
  return key ? keyCell(key) : ''
}

function waitingCell(name: string, { displayName, email = '', settings }: UnnumberedPerson): string {
  if (name === 'number') return CLEARED
  if (name === 'name') return displayName
  if (name === 'email') return email
  const value = settings.get(name)
  return value === undefined ? '' : settingText(value)
}

function groupCell(column: string, group: KnownGroup): string {
  return column === 'keysOfGroup' ? group.name : (keyIn(column, group) ?? '')
}

function requireProfile(profiles: readonly Profile[], id: string): Profile {
  const profile = profiles.find((one) => one.id === id)
  if (profile) return profile
  throw new AppError('PROFILE_NOT_FOUND', `there is no profile "${id.slice(0, 40)}"`, { field: 'profile' })
}
