import type { AttachedModules } from '../../catalog/key-modules.js'
import type { KeySheet } from '../../catalog/key-sheet.js'
import type { LineKey } from '../../domain/entities.js'
import type { FeatureCode } from '../../extensions/feature-codes.js'
import type { Owner, StoredKey } from './key.js'

/** A phone on which the keys can be shown, with what else is laid there. */
export interface ShownPhone {
  mac: string
  /** As people call it. */
  name: string
  model: string
  /** Accounts in use, and what stands on their line keys. */
  lines: { position: number; label: string }[]
  person: readonly LineKey[]
  phone: readonly LineKey[]
  group: readonly LineKey[]
  /** As its settings say. */
  modules: AttachedModules
}

/** What the page gives its script. */
export interface Start {
  owner: Owner
  /** Address of the keys in the API, and the site. */
  path: string
  site: string
  csrf: string
  tag: string
  keys: readonly StoredKey[]
  mayEdit: boolean
  maySearch: boolean
  models: { id: string; name: string }[]
  /** The model that is shown first, with every module it takes. */
  sheet: KeySheet
  phones: readonly ShownPhone[]
  /** Numbers of those who may not be watched. */
  unwatched: readonly string[]
  /** The keys are those of somebody who may not transfer calls. */
  mayNotTransfer: boolean
  /** Feature codes of the site, those that are switched off too. */
  codes: readonly FeatureCode[]
  /** Names of those who are on keys, by number. */
  names: Readonly<Record<string, string>>
  language: string
  words: Readonly<Record<string, string>>
}
