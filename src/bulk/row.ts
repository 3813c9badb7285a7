import type { Id } from '../domain/entities.js'
import type { Problem } from '../domain/errors.js'
import type { ExtensionNumber } from '../domain/extension-number.js'
import type { Mac } from '../domain/mac-address.js'
import type { SettingContent } from '../settings/vocabulary.js'
import type { ImportKey } from './key-cell.js'
import type { Ask } from './profile.js'

/** A key with its place among the person's keys, 1-based. */
export interface PlacedKey extends ImportKey {
  position: number
  /** Bank of the phone that it is a key of. */
  bank?: string
}

/** What a file may say of a phone; a removed one is in no file. */
export const PHONE_STATES = ['approved', 'pending', 'blocked'] as const
export type PhoneState = (typeof PHONE_STATES)[number]

/** A checked row. A row without MAC is a person without a phone, one without extension a phone without a line; one without both is
 * somebody who has no number yet, or the keys of a group. */
export interface ImportRow {
  /** Row of the file; the header is row 1. */
  row: number
  extension?: ExtensionNumber
  mac?: Mac
  /** Line of the phone; absent: the rows of a phone are its lines in order. */
  line?: number
  /** Model id as the folders of device-templates. */
  model?: string
  /** Label of the phone. */
  phoneName?: string
  phoneState?: PhoneState
  /** Name of the group that the phone is in; empty: none. */
  phoneGroup?: string
  /** Keys of the phone itself; undefined: the file has no columns of them. */
  phoneKeys?: PlacedKey[]
  phoneSettings?: ReadonlyMap<string, SettingContent>
  lineLabel?: string
  /** Settings of the line of the phone that the row is about. */
  lineSettings?: ReadonlyMap<string, SettingContent>
  name?: string
  email?: string
  password?: string
  /** Digest user name of the extension's own password. */
  username?: string
  enabled?: boolean
  /** Undefined: the file has no key columns, keys stay as they are. */
  keys?: PlacedKey[]
  /** Settings of the person, and texts that are kept (`imported.…`). */
  settings?: ReadonlyMap<string, SettingContent>
  /** All groups of the person by name, the strongest first; empty: none. */
  groups?: readonly string[]
  /** Name of the group whose keys these are; then the row is about nobody. */
  keysOfGroup?: string
  groupSettings?: ReadonlyMap<string, SettingContent>
  /** Group that this person is to join. */
  group?: { readonly id: Id; readonly name: string }
  /** Columns that are there but empty in this row: fields, settings, and `keys` when all of them are. */
  empty?: ReadonlySet<string>
}

/** A row of a file as it was understood, or why not. */
export interface ReadRow {
  readonly row: number
  /** As they stand in the row, for reports. */
  readonly number: string
  readonly mac: string
  readonly name: string
  /** Absent: the problems say why. */
  readonly checked?: ImportRow
  readonly problems: readonly Problem[]
  /** Why it is none of the rows that count: a title, the headers once more, the sum below a list. */
  readonly leftOut?: string
  /** Values that stand for something of ours, in the order of their columns. */
  readonly asked?: readonly AskedValue[]
}

/** A value of a row that stands for something of ours. */
export interface AskedValue {
  readonly column: string
  readonly kind: Ask
  readonly value: string
}

/** A row that was understood. */
export type GoodRow = ReadRow & { readonly checked: ImportRow }

export function isGood(row: ReadRow): row is GoodRow {
  return row.checked !== undefined
}

/** Puts a row to those that belong with it. */
export function addTo<K>(groups: Map<K, GoodRow[]>, key: K | undefined, row: GoodRow): void {
  if (key === undefined) return
  const own = groups.get(key)
  if (own) own.push(row)
  else groups.set(key, [row])
}
