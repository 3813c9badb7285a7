import { AppError } from '../domain/errors.js'
import { parseRawKey, type SettingDefinition, type Vocabulary } from '../settings/vocabulary.js'
import {
  FIELDS,
  IMPORTED,
  PHONE_KEY,
  SETTING_OWNERS,
  type Column,
  type Field,
  type SettingOwner,
  type Target,
} from './columns.js'
import { tidy } from './damage.js'
import { guessByContent, looksLikeData } from './guess-columns.js'
import {
  columnNames,
  headerAt,
  looksSecret,
  nameByPlace,
  settleNames,
  settleSynonyms,
  withoutNotes,
} from './headers.js'
import { ASKS, headerKey, recogniseProfile, type Profile, type ProfileColumn } from './profile.js'
import type { TableRow } from './table.js'

/** What is known of the columns of a file. */
export interface Mapping {
  readonly profile: Profile | undefined
  readonly columns: readonly Column[]
  /** False: the file has no line of headers. */
  readonly hasHeader: boolean
  /** Rows above the headers. */
  readonly above: number
  /** The headers as they stand in the file. */
  readonly headers: readonly string[]
}

/** What the one who imports says of a column: a target as text, `keep` or `leave`. By header. */
export type Choices = Readonly<Record<string, string>>

const KEY_TARGET = /^key[ _-]?(\d{1,4})$/i
const PHONE_KEY_TARGET = new RegExp(`^${PHONE_KEY.replace('.', '\\.')}([a-z][\\w-]*)@(\\d{1,4})$`)
const SETTING_OWNER_NAMES = Object.keys(SETTING_OWNERS) as SettingOwner[]
/** Files of others may have columns of nearly these names: only letter by letter they are ours. */
const EXACT: ReadonlySet<Field> = new Set(['groups', 'keysOfGroup', 'phoneState', 'phoneGroup', 'lineLabel'])
/** The name of the profile with synonyms, for files of no product. */
const SYNONYMS = 'any'

/** A target from its name. Throws CSV_INVALID for a name that is none. */
function targetOf(name: string, vocabulary: Vocabulary, header: string): Target {
  if (name === 'keep') return { kind: 'kept', key: keptName(header) }
  if (name === 'leave' || name === '') return { kind: 'left' }
  const ask = ASKS.find((one) => one === name)
  if (ask) return { kind: 'kept', key: keptName(header), ask }
  const target = knownTarget(name, vocabulary)
  if (target) return target
  throw new AppError('CSV_INVALID', `"${name.slice(0, 60)}" is nothing that a column can be`, {
    field: 'map',
    hint: `Known are ${FIELDS.join(', ')}, key1, key2, …, every setting of a person (docs/settings.md), phone.…, line.… and group.… before one of theirs, phoneKey.linekey@1, …, ${ASKS.join(', ')}, keep and leave`,
  })
}

function knownTarget(name: string, vocabulary: Vocabulary): Target | undefined {
  const field = FIELDS.find((one) => one === name)
  if (field) return { kind: 'field', field }
  const key = KEY_TARGET.exec(name)
  if (key) return { kind: 'key', position: Number(key[1]) }
  if (name.startsWith(IMPORTED) && name.length > IMPORTED.length) return { kind: 'kept', key: keptName(name) }
  if (parseRawKey(name)) return { kind: 'setting', key: name }
  const phoneKey = phoneKeyPlace(name)
  if (phoneKey) return { kind: 'phone-key', ...phoneKey }
  const owned = ownedTarget(name, vocabulary)
  if (owned) return owned
  const definition = vocabulary.get(name)
  return definition?.layers.includes('extension') ? settingTarget(name, definition) : undefined
}

/** The place in `phoneKey.linekey@2`; undefined: the column is of something else. */
export function phoneKeyPlace(name: string): { bank: string; position: number } | undefined {
  const [, bank = '', position] = PHONE_KEY_TARGET.exec(name) ?? []
  return position === undefined ? undefined : { bank, position: Number(position) }
}

/** Whose setting it is, and which: of `phone.language` the phone's. Undefined: a person's, or none. */
export function settingOwner(name: string): { of: SettingOwner; key: string } | undefined {
  const of = SETTING_OWNER_NAMES.find((owner) => name.startsWith(`${owner}.`))
  return of === undefined ? undefined : { of, key: name.slice(of.length + 1) }
}

/** True for a column whose text is taken byte for byte. */
export function isExactColumn(name: string, vocabulary: Vocabulary): boolean {
  const target = knownTarget(name, vocabulary)
  return target?.kind === 'kept' || (target !== undefined && 'exact' in target)
}

/** `phone.language`, `line.raw.yealink.account.1.ptime`, `group.timezone`. */
function ownedTarget(name: string, vocabulary: Vocabulary): Target | undefined {
  const { of, key = '' } = settingOwner(name) ?? {}
  if (of === undefined) return undefined
  if (parseRawKey(key)) return { kind: 'owned', of, key }
  const definition = vocabulary.get(key)
  if (definition?.layers.includes(SETTING_OWNERS[of]) !== true) return undefined
  return { kind: 'owned', of, key, ...(definition.type === 'lines' ? { exact: true } : {}) }
}

function settingTarget(key: string, { type }: SettingDefinition): Target {
  return { kind: 'setting', key, ...(type === 'lines' ? { exact: true } : {}) }
}

/** `imported.sip_manualattributes`, from any header. */
function keptName(header: string): string {
  const bare = header.startsWith(IMPORTED) ? header.slice(IMPORTED.length) : header
  const name = bare
    .trim()
    .replace(/[^\p{L}\p{N}.]+/gu, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 60)
  return `${IMPORTED}${name === '' ? 'column' : name}`
}

export interface MappingInput {
  rows: readonly TableRow[]
  profiles: readonly Profile[]
  vocabulary: Vocabulary
  /** Id of the profile to use; absent: the one that is recognised. */
  profile?: string | undefined
  choices?: Choices | undefined
}

/**
 * Finds out what each column is: by the choices, the profile, the names of our own fields and settings, and synonyms.
 * Throws CSV_INVALID for a profile or target that does not exist, and for two columns that are the same thing.
 */
export function mapColumns(input: MappingInput): Mapping {
  const { rows, profiles, vocabulary, choices = {} } = input
  const asked = input.profile === undefined ? undefined : requireProfile(profiles, input.profile)
  const resolver = columnResolver({ profiles, vocabulary, choices, asked })
  const above = headerAt(rows, (cells) => resolver(cells).columns)
  const headers = (rows[above]?.cells ?? []).map(tidy)
  const { profile, columns: named } = resolver(headers)
  const hasHeader = named.some(({ unknown }) => !unknown) || !looksLikeData(headers)
  const columns = hasHeader
    ? named
    : guessByContent(rows).map((target, index) => guessed(target, index, choices, vocabulary))
  refuseTwice(columns)
  return { profile, columns, hasHeader, above, headers: hasHeader ? headers : [] }
}

/** Says what the columns of a line of headers are. */
function columnResolver({
  profiles,
  vocabulary,
  choices,
  asked,
}: Pick<MappingInput, 'profiles' | 'vocabulary'> & { choices: Choices; asked: Profile | undefined }): (
  headers: readonly string[],
) => { profile: Profile | undefined; columns: Column[] } {
  const synonyms = profiles.find(({ id }) => id === SYNONYMS)
  const byName = settingsByHeader(vocabulary)
  const loose = (header: string): Omit<Column, 'header' | 'unknown'> | undefined => {
    const key = headerKey(header)
    const from = synonyms?.byHeader.get(key)
    if (from) {
      const certainty = headerKey(from.to ?? '') === key ? 'own' : 'synonym'
      return { target: targetOfProfile(from, vocabulary), from, certainty }
    }
    const target = byName.get(key)
    return target && { target, from: undefined, certainty: 'own' }
  }
  const resolve = (header: string, profile: Profile | undefined): Column => {
    const chosen = Object.hasOwn(choices, header) ? choices[header] : undefined
    const from = profile?.byHeader.get(headerKey(header))
    // A name of our own, letter by letter, is no other product's word for something else.
    const own = knownTarget(header, vocabulary)
    if (chosen !== undefined) {
      const read = from ?? (own ? undefined : loose(header)?.from)
      const target = targetOf(chosen, vocabulary, header)
      return { header, target, from: reads(read, chosen), unknown: false, certainty: 'said' }
    }
    if (from) return { header, target: targetOfProfile(from, vocabulary), from, unknown: false, certainty: 'profile' }
    if (own) return { header, target: own, from: undefined, unknown: false, certainty: 'own' }
    const found = loose(header) ?? loose(withoutNotes(header))
    return found ? { header, unknown: false, ...found } : unknownColumn(header)
  }
  return (headers) => {
    const profile = asked ?? recogniseProfile(profiles, headers)
    const columns = columnNames(headers).map((header) => resolve(header, profile))
    return { profile, columns: settleNames(settleSynonyms(columns, unknownColumn), profile) }
  }
}

/** Kept as text, but not when it would be a secret that lies open. */
function unknownColumn(header: string): Column {
  const target: Target = looksSecret(header)
    ? { kind: 'left', reason: 'looks like a secret, which would lie open as text; say what it is' }
    : { kind: 'kept', key: keptName(header) }
  return { header, target, from: undefined, unknown: true, certainty: 'synonym' }
}

/** How cells are read stays the profile's matter as long as the column is what the profile says. */
function reads(from: ProfileColumn | undefined, chosen: string): ProfileColumn | undefined {
  return from?.to === chosen ? from : undefined
}

function requireProfile(profiles: readonly Profile[], id: string): Profile {
  const profile = profiles.find((one) => one.id === id)
  if (profile) return profile
  throw new AppError('CSV_INVALID', `there is no import profile "${id.slice(0, 40)}"`, {
    field: 'profile',
    hint: `Known are ${profiles.map((one) => one.id).join(', ')}`,
  })
}

/** A profile may name a setting that this vocabulary has not: its values are kept as text. */
function targetOfProfile({ header, to, leave, ask }: ProfileColumn, vocabulary: Vocabulary): Target {
  if (leave !== undefined) return { kind: 'left', reason: leave }
  const target = (to === undefined ? undefined : knownTarget(to, vocabulary)) ?? { kind: 'kept', key: keptName(header) }
  const isAsked = ask !== undefined && (target.kind === 'kept' || target.kind === 'setting')
  return isAsked ? { ...target, ask } : target
}

function settingsByHeader(vocabulary: Vocabulary): Map<string, Target> {
  return new Map([
    ...FIELDS.filter((field) => !EXACT.has(field)).map((field): [string, Target] => [
      headerKey(field),
      { kind: 'field', field },
    ]),
    ...[...vocabulary]
      .filter(([, { layers }]) => layers.includes('extension'))
      .map(([key, definition]): [string, Target] => [headerKey(key), settingTarget(key, definition)]),
  ])
}

function guessed(field: Field | undefined, index: number, choices: Choices, vocabulary: Vocabulary): Column {
  const header = nameByPlace(index)
  const chosen = Object.hasOwn(choices, header) ? choices[header] : undefined
  if (chosen !== undefined) {
    return { header, target: targetOf(chosen, vocabulary, header), from: undefined, unknown: false, certainty: 'said' }
  }
  const target: Target = field ? { kind: 'field', field } : { kind: 'kept', key: keptName(header) }
  return { header, target, from: undefined, unknown: field === undefined, certainty: 'synonym' }
}

function refuseTwice(columns: readonly Column[]): void {
  const seen = new Map<string, string>()
  for (const { header, target } of columns) {
    if (target.kind === 'left') continue
    const name = JSON.stringify(target)
    const other = seen.get(name)
    if (other !== undefined) {
      const twice = `"${other}" and "${header}" are the same thing`
      throw new AppError('CSV_INVALID', `row 1: ${twice}`, {
        field: 'map',
        hint: 'Say which of them counts, and leave the other out',
        problems: [{ code: 'CSV_INVALID', row: 1, column: header, message: `row 1: ${twice}` }],
      })
    }
    seen.set(name, header)
  }
}

/** The name of a target, as choices give it. */
export function targetName(target: Target): string {
  switch (target.kind) {
    case 'field':
      return target.field
    case 'key':
      return `key${target.position}`
    case 'phone-key':
      return `${PHONE_KEY}${target.bank}@${target.position}`
    case 'owned':
      return `${target.of}.${target.key}`
    case 'left':
      return 'leave'
    case 'kept':
      return target.ask ?? target.key
    case 'setting':
      return target.key
  }
}
