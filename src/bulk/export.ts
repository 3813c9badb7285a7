import { AppError } from '../domain/errors.js'
import { byPlace } from '../extensions/keys.js'
import { IMPORTED, PHONE_KEY, type Field, type SettingOwner } from './columns.js'
import { csvText } from './csv-text.js'
import { cellsOf, ownerIn, type CellOf, type CellParts } from './export-cells.js'
import {
  exportedPart,
  itemsWithPhones,
  needsPositions,
  type Exportable,
  type ExportItem,
  type ExportOptions,
  type Scope,
} from './export-rows.js'
import type { Pace } from './pace.js'
import { placeOf } from './plan-keys.js'
import type { Profile, ProfileColumn } from './profile.js'

export interface ExportParts extends CellParts {
  readonly profiles: readonly Profile[]
  readonly pace: Pace
  /** An import takes the text of such a column byte for byte. */
  isExact(column: string): boolean
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
  const withPhones = !profile || profile.columns.some(({ to }) => to === 'mac')
  const items: ExportItem[] = withPhones
    ? itemsWithPhones(part)
    : [...part.people.map((person) => ({ person })), ...part.waiting.map((waiting) => ({ waiting }))]
  const cells = (name: string): CellOf => cellsOf(name, all, parts, options)
  const columns = profile ? profileColumns(profile, cells) : ownColumns(items, all, parts, options)
  const rows = [columns.map(({ header }) => header)]
  for (const item of items) {
    const row: string[] = []
    for (const { cell } of columns) row.push(await cell(item))
    // A group, where the other product has no column for it.
    if (row.some((text) => text !== '')) rows.push(row)
    await parts.pace()
  }
  // For a spreadsheet, and for us: others would read the apostrophes.
  const isGuarded = (column: number): boolean => bom && !profile && columns[column]?.isExact === false
  return `${bom ? BOM : ''}${csvText(rows, isGuarded)}`
}

interface ExportColumn {
  readonly header: string
  /** Its text is taken back byte for byte. */
  readonly isExact?: boolean
  readonly cell: CellOf
}

function profileColumns({ columns, withoutNumber }: Profile, cells: (name: string) => CellOf): ExportColumn[] {
  const hasName = columns.some(({ to }) => to === 'name')
  return columns
    .filter(({ leave }) => leave === undefined)
    .map((column) => {
      const own = cells(column.to ?? `${IMPORTED}${column.header}`)
      const cell = column.to === 'firstName' && !hasName ? firstNames(own, cells) : own
      return {
        header: column.header,
        cell: async (item) =>
          item.waiting && column.to === 'number' && withoutNumber ? '' : theirs(column, await cell(item)),
      }
    })
}

/** Where there is no column for a name that was never given as two, all of it is the first name. */
function firstNames(own: CellOf, cells: (name: string) => CellOf): CellOf {
  const [last, name] = [cells('lastName'), cells('name')]
  return async (item) => {
    const first = await own(item)
    return first === '' && (await last(item)) === '' ? name(item) : first
  }
}

/** What is the other product's word for a value of ours. */
function theirs({ values }: ProfileColumn, text: string): string {
  return [...values].find(([, ours]) => ours === text)?.[0] ?? text
}

function requireProfile(profiles: readonly Profile[], id: string): Profile {
  const profile = profiles.find((one) => one.id === id)
  if (profile) return profile
  throw new AppError('PROFILE_NOT_FOUND', `there is no profile "${id.slice(0, 40)}"`, { field: 'profile' })
}

const OWN_FIELDS: readonly Field[] = [
  'mac',
  'model',
  'phoneName',
  'phoneState',
  'phoneGroup',
  'line',
  'lineLabel',
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
  items: readonly ExportItem[],
  all: Exportable,
  parts: ExportParts,
  options: ExportOptions,
): ExportColumn[] {
  const has = (test: (item: ExportItem) => boolean | undefined): boolean => items.some(test)
  const isUsed: Partial<Record<Field, boolean>> = {
    phoneName: has(({ phone }) => phone?.name !== undefined),
    phoneState: has(({ phone }) => phone && phone.state !== 'approved'),
    phoneGroup: has(({ phone }) => phone?.groupId !== undefined),
    line: has(({ phone }) => phone && needsPositions(phone)),
    lineLabel: has(({ line }) => line?.label !== undefined),
    username: has(({ person }) => person && person.authUsername !== person.number),
    enabled: has(({ person }) => person && !person.enabled),
    password: options.passwords === true,
    groups: has(({ person }) => person?.groups !== undefined),
    keysOfGroup: has(({ group }) => group !== undefined),
  }
  const names = [...OWN_FIELDS.filter((field) => isUsed[field] ?? true), ...keyNames(items)]
  const isTaken = (key: string): boolean => options.passwords === true || !parts.isSecret(key)
  return [...names, ...settingNames(items, all, isTaken)].map((name) => ({
    header: OWN_HEADERS[name as Field] ?? name,
    isExact: parts.isExact(name),
    cell: cellsOf(name, all, parts, options),
  }))
}

/** Columns of keys: of phones by bank and place, of people and groups one for each place. */
function keyNames(items: readonly ExportItem[]): string[] {
  const phones = new Set(items.flatMap(({ phone }) => phone ?? []))
  const ofPhones = new Map([...phones].flatMap(({ keys }) => keys.map((key) => [placeOf(key), key] as const)))
  const most = items.reduce(
    (last, { person, group }) => Math.max(last, (person ?? group)?.keys.at(-1)?.position ?? 0),
    0,
  )
  return [
    ...[...ofPhones].sort(([, a], [, b]) => byPlace(a, b)).map(([place]) => `${PHONE_KEY}${place}`),
    ...Array.from({ length: most }, (_, index) => `key${index + 1}`),
  ]
}

/** Columns of settings: of people by their name, of phones, lines and groups with what they are of before it. */
function settingNames(items: readonly ExportItem[], all: Exportable, isTaken: (key: string) => boolean): string[] {
  const found = new Set<string>()
  for (const item of items) {
    for (const key of item.waiting?.settings.keys() ?? []) if (isTaken(key)) found.add(key)
    for (const of of OWNERS) {
      const place = ownerIn(item, of)
      if (!place) continue
      for (const key of all.layer(place.layer, place.owner).values.keys()) {
        if (isTaken(key)) found.add(of === undefined ? key : `${of}.${key}`)
      }
    }
  }
  return [...found].sort()
}

const OWNERS: readonly (SettingOwner | undefined)[] = [undefined, 'phone', 'line', 'group']
