import { isAt, saidOf, step, without, type Editor } from './editor-state.js'
import type { Key, Place } from './key.js'

/* A key that is held, by the mouse or by the keyboard, and where it is put. */

/** The keys with the grabbed one elsewhere; no step yet, that comes with the drop. */
function moved(editor: Editor, keys: readonly Key[]): Editor {
  const key = keys.find(({ id }) => id === editor.grabbed?.id)
  if (!key) return editor
  const after = { ...editor, keys }
  return { ...after, said: saidOf(after, 'moved', key), focus: key.id }
}

export function shift(editor: Editor, by: 1 | -1, places: readonly Place[]): Editor {
  const { keys, owner, grabbed } = editor
  const index = keys.findIndex(({ id }) => id === grabbed?.id)
  const key = keys[index]
  if (!key) return editor
  if (owner !== 'device') {
    const other = keys[index + by]
    return other ? moveOver(editor, other.id) : { ...editor, said: saidOf(editor, 'moved', key) }
  }
  const isFree = (place: Place): boolean => isAt(key, place) || !keys.some((one) => isAt(one, place))
  const free = places.filter(isFree)
  const place = free[free.findIndex((one) => isAt(key, one)) + by]
  return place ? moveTo(editor, place) : { ...editor, said: saidOf(editor, 'moved', key) }
}

/** The grabbed key takes the place of another, which makes room; on a phone the two change places. */
export function moveOver(editor: Editor, id: string): Editor {
  const { keys, owner, grabbed } = editor
  const key = keys.find((one) => one.id === grabbed?.id)
  const index = keys.findIndex((one) => one.id === id)
  const other = keys[index]
  if (!key || !other || key === other) return editor
  if (owner === 'device') return moved(editor, swapped(keys, key, other))
  const rest = keys.filter((one) => one !== key)
  return moved(editor, [...rest.slice(0, index), key, ...rest.slice(index)])
}

function swapped(keys: readonly Key[], a: Key, b: Key): Key[] {
  const at = (key: Key, { bank, position }: Key): Key => ({ ...key, ...placeOf(bank, position) })
  return keys.map((one) => (one === a ? at(a, b) : one === b ? at(b, a) : one))
}

function placeOf(bank: string | undefined, position: number | undefined): Partial<Place> {
  return bank === undefined || position === undefined ? {} : { bank, position }
}

export function moveTo(editor: Editor, place: Place | 'end'): Editor {
  const { keys, owner, grabbed } = editor
  const key = keys.find((one) => one.id === grabbed?.id)
  if (!key) return editor
  if (owner !== 'device') {
    return place === 'end' && keys.at(-1) !== key ? moved(editor, [...keys.filter((one) => one !== key), key]) : editor
  }
  if (place === 'end' || isAt(key, place)) return editor
  const there = keys.find((one) => isAt(one, place))
  if (there) return moved(editor, swapped(keys, key, there))
  return moved(
    editor,
    keys.map((one) => (one === key ? { ...key, ...place } : one)),
  )
}

export function drop(editor: Editor): Editor {
  const { grabbed, keys } = editor
  const key = keys.find(({ id }) => id === grabbed?.id)
  if (!grabbed || !key) return without(editor, 'grabbed')
  const rest = without(editor, 'grabbed')
  const after = grabbed.before === keys ? rest : { ...step({ ...rest, keys: grabbed.before }, keys) }
  return { ...after, said: saidOf(after, 'dropped', key), focus: key.id }
}

export function letGo(editor: Editor): Editor {
  const { grabbed } = editor
  const key = grabbed?.before.find(({ id }) => id === grabbed.id)
  if (!grabbed || !key) return editor
  const after = { ...without(editor, 'grabbed'), keys: grabbed.before }
  return { ...after, said: saidOf(after, 'back', key), focus: key.id }
}
