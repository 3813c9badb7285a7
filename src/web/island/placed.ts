import { layOutKeys, type KeyLayout, type PlacedKey } from '../../catalog/key-bank.js'
import type { KeySheet } from '../../catalog/key-sheet.js'
import type { KeyKind, LineKey } from '../../domain/entities.js'
import type { Key, Owner, Place } from './key.js'
import type { ShownPhone } from './start.js'

function toLineKeys(owner: Owner, keys: readonly Key[]): LineKey[] {
  return keys.map(({ position, locked, ...key }, index) => ({
    ...key,
    ...(locked === true ? { locked } : {}),
    position: owner === 'device' ? (position ?? 0) : index + 1,
    owner: { kind: owner, id: '' },
  }))
}

/** Where the keys land on a phone, or on a model of which nothing else is known: as rendering lays them. */
export function layOut(owner: Owner, keys: readonly Key[], sheet: KeySheet, phone: ShownPhone | undefined): KeyLayout {
  const edited = toLineKeys(owner, keys)
  const of = (kind: Owner, others: readonly LineKey[] | undefined): readonly LineKey[] =>
    kind === owner ? edited : (others ?? [])
  const lines = (phone?.lines ?? [{ position: 1 }]).map(({ position }) => position)
  return layOutKeys(
    sheet,
    lines.filter((line) => line <= sheet.lines),
    of('extension', phone?.person),
    of('device', phone?.phone),
    of('group', phone?.group),
  )
}

/** Kinds that keys of this owner can be on a model, in the order in which they are offered. */
export function kindsFor(owner: Owner, sheet: KeySheet, place: Place | undefined): KeyKind[] {
  const banks = Object.entries(sheet.keys).filter(([name, { auto }]) =>
    owner === 'device' ? place === undefined || place.bank === name : auto,
  )
  const kinds = new Set(banks.flatMap(([, bank]) => bank.kinds))
  return ORDER.filter((kind) => kinds.has(kind))
}

const ORDER: readonly KeyKind[] = [
  ...(['blf', 'speed-dial', 'line', 'pick-up', 'group-pick-up', 'intercom', 'park', 'transfer', 'forward'] as const),
  ...([
    'voicemail',
    'dnd',
    'conference',
    'hold',
    'redial',
    'record',
    'paging',
    'dtmf',
    'url',
    'phonebook',
    'agent',
    'group-login',
  ] as const),
]

/** Places of a phone that can be this kind, in the order of its front. */
export function placesFor(sheet: KeySheet, kind: KeyKind): Place[] {
  return sheet.front.blocks.flatMap(({ places }) =>
    places.filter(({ bank }) => sheet.keys[bank]?.kinds.includes(kind) === true),
  )
}

/** The place of each key by its id; of the keys that have one. */
export function placeById(layout: KeyLayout): ReadonlyMap<string, PlacedKey> {
  const placed = Object.values(layout.banks).flat()
  return new Map(placed.flatMap((key) => (key.from ? [[key.from.id, key] as const] : [])))
}
