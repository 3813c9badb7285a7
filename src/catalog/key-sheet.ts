import type { KeyModel } from './key-bank.js'
import { withModules, type AttachedModules } from './key-modules.js'
import type { KEY_SITES, KeyBank, PhoneModel } from './manifest.js'

/** Keys that lie together on the phone's front; `pages` of the same buttons. */
export interface KeyBlock {
  name: string
  at: (typeof KEY_SITES)[number]
  columns: number
  rows: number
  lamp: boolean
  /** Places in the order in which they fill the buttons, page after page. */
  places: { bank: string; position: number }[]
}

/** What somebody who sets keys must know of a model. */
export interface KeySheet extends KeyModel {
  id: string
  name: string
  lines: number
  keys: Record<string, KeySheetBank>
  front: { schematic: boolean; blocks: KeyBlock[] }
}

export type KeySheetBank = Pick<KeyBank, 'count' | 'first' | 'kinds' | 'auto' | 'labelMax' | 'module'> & {
  skip?: number[]
}

/** Buttons of a block that can be seen at once. */
export function buttonsOf({ at, columns, rows }: Pick<KeyBlock, 'at' | 'columns' | 'rows'>): number {
  return at === 'sides' ? 2 * rows : columns * rows
}

/** Where people look for keys first: a new key goes to the first free place in this order. */
const ORDER: readonly KeyBlock['at'][] = ['left', 'sides', 'right', 'column', 'below', 'pad', 'board']

/** The sheet of a phone with so many modules: their keys and no others, a page of the drawing for each module. */
export function sheetWithModules(sheet: KeySheet, attached: AttachedModules): KeySheet {
  const equipped = withModules(sheet, attached)
  if (equipped === sheet) return sheet
  const blocks = sheet.front.blocks.flatMap((block): KeyBlock[] => {
    const [bank = ''] = block.places.map((place) => place.bank)
    if (!sheet.keys[bank]?.module) return [block]
    const places = placesOf(equipped.keys, bank)
    const rows = Math.ceil(places.length / Math.max(1, attached.number) / block.columns)
    return places.length === 0 ? [] : [{ ...block, rows, places }]
  })
  return { ...equipped, front: { ...sheet.front, blocks } }
}

/** Rows of a block for a bank that the manifest draws nowhere. */
const ROWS = 10

export function keySheet(model: PhoneModel): KeySheet {
  const keys = Object.fromEntries(
    Object.entries(model.keys).map(([name, bank]): [string, KeySheetBank] => {
      const { count, first, kinds, auto, labelMax, skip, module } = bank
      return [name, { count, first, kinds, auto, labelMax, ...(skip ? { skip } : {}), ...(module ? { module } : {}) }]
    }),
  )
  const drawn = Object.entries(model.front?.blocks ?? {}).flatMap(([name, { banks, at, columns, rows, lamp }]) => {
    const places = banks.flatMap((bank) => placesOf(keys, bank))
    return places.length === 0 ? [] : [{ name, at, columns, rows, lamp, places }]
  })
  const blocks = [...drawn, ...undrawn(keys, drawn)].sort((a, b) => ORDER.indexOf(a.at) - ORDER.indexOf(b.at))
  return {
    id: model.model,
    name: model.name,
    lines: model.lines,
    keys,
    front: { schematic: model.front?.schematic ?? true, blocks },
  }
}

function undrawn(keys: KeySheet['keys'], drawn: readonly KeyBlock[]): KeyBlock[] {
  const banks = new Set(drawn.flatMap(({ places }) => places.map(({ bank }) => bank)))
  return Object.keys(keys).flatMap((name): KeyBlock[] => {
    if (banks.has(name)) return []
    const places = placesOf(keys, name)
    return [{ name, at: 'column', columns: 1, rows: Math.min(ROWS, Math.max(1, places.length)), lamp: true, places }]
  })
}

function placesOf(keys: KeySheet['keys'], name: string): KeyBlock['places'] {
  const bank = Object.hasOwn(keys, name) ? keys[name] : undefined
  if (!bank) return []
  const all = Array.from({ length: bank.count }, (_, index) => ({ bank: name, position: index + 1 }))
  return all.filter(({ position }) => !bank.skip?.includes(bank.first + position - 1))
}
