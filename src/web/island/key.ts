import type { KeyKind, LineKey } from '../../domain/entities.js'

/** Whose keys are edited: keys of people and groups are in an order, those of a phone at places. */
export type Owner = LineKey['owner']['kind']

/** A key as it is edited; `id` is known to this page alone. */
export interface Key {
  readonly id: string
  readonly kind: KeyKind
  readonly value?: string
  readonly label?: string
  readonly line?: number
  /** Only keys of people: they cannot change it on their own page. */
  readonly locked?: boolean
  /** Only keys of a phone. */
  readonly bank?: string
  readonly position?: number
}

/** A key as the API has it. */
export type StoredKey = Omit<Key, 'id' | 'position'> & { readonly position: number }

export interface Place {
  readonly bank: string
  readonly position: number
}
