import type { Ask, ProfileColumn } from './profile.js'

/** Of a phone and the line that a row is about. */
export const PHONE_FIELDS = [
  'mac',
  'model',
  'vendor',
  'line',
  'phoneName',
  'phoneState',
  'phoneGroup',
  'lineLabel',
] as const

/** What a column can be, beside keys (`key1`), settings by their name, and text that is kept. */
export const FIELDS = [
  'number',
  'name',
  'email',
  'password',
  'username',
  'enabled',
  ...PHONE_FIELDS,
  'groups',
  'keysOfGroup',
] as const
export type Field = (typeof FIELDS)[number]

/** Values that we do not act on are kept as text under this name. */
export const IMPORTED = 'imported.'

/** Whose settings a column may hold beside the person's, by the word before their name: `phone.language`. */
export const SETTING_OWNERS = { phone: 'device', line: 'line', group: 'group' } as const
export type SettingOwner = keyof typeof SETTING_OWNERS

/** Columns of a phone's own keys: `phoneKey.linekey@2`. */
export const PHONE_KEY = 'phoneKey.'

export type Target =
  | { readonly kind: 'field'; readonly field: Field }
  | { readonly kind: 'phone-key'; readonly bank: string; readonly position: number }
  | {
      /** A setting of the phone, line or group that the row is about. */
      readonly kind: 'owned'
      readonly of: SettingOwner
      readonly key: string
      /** As of a person's. */
      readonly exact?: true
    }
  | { readonly kind: 'key'; readonly position: number }
  | {
      readonly kind: 'setting'
      readonly key: string
      /** Its text is taken byte for byte: what looks like damage by a spreadsheet may be meant. */
      readonly exact?: true
      readonly ask?: Ask
    }
  | {
      readonly kind: 'kept'
      readonly key: string
      /** What its values stand for, beside being kept. */
      readonly ask?: Ask
    }
  | { readonly kind: 'left'; readonly reason?: string }

/** How sure it is what a column is. */
export type Certainty = 'said' | 'profile' | 'own' | 'synonym'

/** A column of a file and where its values go. */
export interface Column {
  readonly header: string
  readonly target: Target
  /** How the profile reads its cells. */
  readonly from: ProfileColumn | undefined
  /** Nobody knows it: neither the profile nor the one who imports said what it is. */
  readonly unknown: boolean
  readonly certainty: Certainty
}
