import { keyMeaning } from '../../catalog/key-bank.js'
import type { KeyKind } from '../../domain/entities.js'
import { NEED_VALUE, TAKE_NO_VALUE } from '../../extensions/key-kinds.js'
import type { Key, Owner, Place, StoredKey } from './key.js'
import { mergeKeys } from './merge.js'

/** The key in the form, new when it has no id. */
export interface Form {
  readonly id?: string
  readonly place?: Place
  readonly kind: KeyKind
  readonly value: string
  readonly label: string
  readonly line: string
  readonly wrong?: Wrong
}

export interface Wrong {
  readonly field: 'value' | 'place'
  readonly why: 'needed' | 'repeated' | 'noPlace'
  /** The key that does the same. */
  readonly other?: Key
}

/** What a screen reader is told, and where the keyboard goes on. */
export interface Said {
  readonly what:
    'grabbed' | 'moved' | 'dropped' | 'back' | 'added' | 'changed' | 'removed' | 'cleared' | 'undone' | 'saved'
  readonly key?: Key
  /** 1-based, and of how many. */
  readonly n?: number
  readonly of?: number
}

export interface Editor {
  readonly owner: Owner
  /** As stored, and the entity tag of that. */
  readonly base: readonly Key[]
  readonly tag: string
  readonly keys: readonly Key[]
  /** What was before each step; the last one is undone first. */
  readonly past: readonly (readonly Key[])[]
  readonly form?: Form
  readonly grabbed?: { readonly id: string; readonly before: readonly Key[] }
  readonly said?: Said
  /** Id of a key, or the button that adds one; asked for once. */
  readonly focus?: string
  readonly state: 'ready' | 'saving' | 'conflict' | 'refused'
  readonly refusal?: string
  /** What somebody else stored meanwhile. */
  readonly newer?: { readonly keys: readonly StoredKey[]; readonly tag: string }
  /** For ids of new keys. */
  readonly made: number
}

export type Action =
  | { type: 'add'; kind: KeyKind; place?: Place }
  | { type: 'open'; id: string }
  | { type: 'type'; changes: Partial<Pick<Form, 'kind' | 'value' | 'label' | 'line' | 'place'>> }
  | { type: 'apply'; places: readonly Place[] }
  | { type: 'close' }
  | { type: 'remove'; id: string }
  | { type: 'clear' }
  | { type: 'undo' }
  | { type: 'grab'; id: string }
  /** One place on or back; `places`: where a key of this phone can be, in order. */
  | { type: 'shift'; by: 1 | -1; places: readonly Place[] }
  | { type: 'moveOver'; id: string }
  | { type: 'moveTo'; place: Place | 'end' }
  | { type: 'drop' }
  | { type: 'letGo' }
  | { type: 'saving' }
  | { type: 'saved'; tag: string; keys: readonly StoredKey[] }
  | { type: 'conflict'; tag: string; keys: readonly StoredKey[] }
  | { type: 'takeNewer' }
  | { type: 'reapply' }
  | { type: 'refused'; text: string }
  | { type: 'focused' }

export function openEditor(owner: Owner, stored: readonly StoredKey[], tag: string): Editor {
  const keys = stored.map((key, index) => fromStored(key, `s${index}`, owner))
  return { owner, base: keys, tag, keys, past: [], state: 'ready', made: 0 }
}

function fromStored({ position, bank, ...content }: StoredKey, id: string, owner: Owner): Key {
  return { id, ...content, ...(owner === 'device' && bank !== undefined ? { bank, position } : {}) }
}

/** What is sent to be stored. */
export function toStored({ owner, keys }: Pick<Editor, 'owner' | 'keys'>): StoredKey[] {
  return keys.map(({ kind, value, label, line, bank = '', position = 0 }, index) => ({
    kind,
    ...(value === undefined ? {} : { value }),
    ...(label === undefined ? {} : { label }),
    ...(line === undefined ? {} : { line }),
    ...(owner === 'device' ? { bank, position } : { position: index + 1 }),
  }))
}

/** True when saving would change something. */
export function isChanged(editor: Editor): boolean {
  const text = (keys: readonly Key[]): string =>
    JSON.stringify(toStored({ owner: editor.owner, keys }).map((key) => Object.entries(key).sort()))
  return text(editor.base) !== text(editor.keys)
}

/** The key of the list that would do the same as `key`, if there is one. */
export function sameAs(keys: readonly Key[], key: Omit<Key, 'id'>, except: string | undefined): Key | undefined {
  if (key.kind === 'none' || key.kind === 'line') return undefined
  return keys.find((other) => other.id !== except && keyMeaning(other) === keyMeaning(key))
}

function isAt(key: Partial<Place>, place: Partial<Place> | undefined): boolean {
  return place !== undefined && key.bank === place.bank && key.position === place.position
}

/** What happens while a key is held; whatever else somebody does, the key is put down first, so that it is a step of its own. */
const WHILE_GRABBED: ReadonlySet<Action['type']> = new Set([
  ...(['shift', 'moveOver', 'moveTo', 'drop', 'letGo', 'focused'] as const),
  // Answers of the server come at any time.
  ...(['saved', 'conflict', 'refused'] as const),
])

/** The editor after an action. Pure: the same action on the same editor gives the same editor. */
export function reduce(editor: Editor, action: Action): Editor {
  if (!editor.grabbed || WHILE_GRABBED.has(action.type)) return reduced(editor, action)
  return reduced(without(drop(editor), 'said', 'focus'), action)
}

function reduced(editor: Editor, action: Action): Editor {
  switch (action.type) {
    case 'add': {
      const { kind, place } = action
      return { ...editor, form: { kind, value: '', label: '', line: '', ...(place ? { place } : {}) } }
    }
    case 'open':
      return openForm(editor, action.id)
    case 'type':
      return editor.form ? { ...editor, form: typed(editor.form, action.changes) } : editor
    case 'apply':
      return apply(editor, action.places)
    case 'close':
      return closed(editor, editor.form?.id ?? 'add')
    case 'remove':
      return remove(editor, action.id)
    case 'clear':
      return editor.keys.length === 0 ? editor : { ...step(editor, []), said: { what: 'cleared' }, focus: 'add' }
    case 'undo':
      return undo(editor)
    case 'grab': {
      const key = editor.keys.find(({ id }) => id === action.id)
      return key
        ? { ...editor, grabbed: { id: key.id, before: editor.keys }, said: saidOf(editor, 'grabbed', key) }
        : editor
    }
    case 'shift':
      return shift(editor, action.by, action.places)
    case 'moveOver':
      return moveOver(editor, action.id)
    case 'moveTo':
      return moveTo(editor, action.place)
    case 'drop':
      return drop(editor)
    case 'letGo':
      return letGo(editor)
    case 'focused':
      return without(editor, 'focus')
    case 'saving':
    case 'saved':
    case 'conflict':
    case 'takeNewer':
    case 'reapply':
    case 'refused':
      return stored(editor, action)
  }
}

function without<Field extends 'form' | 'grabbed' | 'focus' | 'newer' | 'refusal' | 'said'>(
  editor: Editor,
  ...fields: Field[]
): Editor {
  const rest = { ...editor }
  for (const field of fields) delete rest[field]
  return rest
}

/** A step that can be undone. */
function step(editor: Editor, keys: readonly Key[]): Editor {
  const past = [...editor.past, editor.keys]
  return {
    ...without(editor, 'refusal', 'form'),
    keys,
    past,
    state: editor.state === 'conflict' ? 'conflict' : 'ready',
  }
}

function closed(editor: Editor, focus: string): Editor {
  return { ...without(editor, 'form'), focus }
}

function openForm(editor: Editor, id: string): Editor {
  const key = editor.keys.find((one) => one.id === id)
  if (!key) return editor
  const { kind, value = '', label = '', line, bank, position } = key
  const place = bank === undefined || position === undefined ? {} : { place: { bank, position } }
  return { ...editor, form: { id, kind, value, label, line: line === undefined ? '' : String(line), ...place } }
}

function typed(form: Form, changes: Partial<Form>): Form {
  const after = { ...form, ...changes }
  delete after.wrong
  return after
}

/** What the form holds, as a key; what a kind has no use for is left out. */
function formKey({ kind, value, label, line }: Form): Omit<Key, 'id'> {
  const text = value.trim()
  const shown = label.trim()
  const account = /^[1-9]\d{0,2}$/.test(line) ? Number(line) : undefined
  return {
    kind,
    ...(text === '' || TAKE_NO_VALUE.has(kind) ? {} : { value: text }),
    ...(shown === '' ? {} : { label: shown }),
    ...(account === undefined ? {} : { line: account }),
  }
}

function apply(editor: Editor, places: readonly Place[]): Editor {
  const { form, owner, keys } = editor
  if (!form) return editor
  const key = formKey(form)
  const refuse = (wrong: Wrong): Editor => ({ ...editor, form: { ...form, wrong } })
  if (NEED_VALUE.has(key.kind) && key.value === undefined) return refuse({ field: 'value', why: 'needed' })
  const other = sameAs(keys, key, form.id)
  if (other) return refuse({ field: 'value', why: 'repeated', other })
  let place: Place | undefined
  if (owner === 'device') {
    const isFree = (one: Place): boolean => !keys.some((each) => each.id !== form.id && isAt(each, one))
    place = places.find((one) => isAt(one, form.place) && isFree(one)) ?? (form.id ? undefined : places.find(isFree))
    if (!place) return refuse({ field: 'place', why: 'noPlace' })
  }
  const made = { id: form.id ?? `n${editor.made}`, ...key, ...place }
  const next = form.id === undefined ? [...keys, made] : keys.map((one) => (one.id === form.id ? made : one))
  const after = { ...step(editor, next), made: editor.made + 1 }
  // After a new key comes the next one; after a change the key itself.
  const focus = form.id === undefined ? 'add' : made.id
  return { ...closed(after, focus), said: saidOf(after, form.id === undefined ? 'added' : 'changed', made) }
}

function remove(editor: Editor, id: string): Editor {
  const index = editor.keys.findIndex((key) => key.id === id)
  const key = editor.keys[index]
  if (!key) return editor
  const keys = editor.keys.filter((one) => one !== key)
  const neighbour = keys[Math.min(index, keys.length - 1)]
  return { ...step(editor, keys), said: { what: 'removed', key }, focus: neighbour?.id ?? 'add' }
}

function undo(editor: Editor): Editor {
  const before = editor.past.at(-1)
  if (!before) return editor
  const rest = without(editor, 'form', 'refusal')
  return { ...rest, keys: before, past: editor.past.slice(0, -1), said: { what: 'undone' } }
}

function saidOf({ keys }: Editor, what: Said['what'], key: Key): Said {
  return { what, key, n: keys.findIndex(({ id }) => id === key.id) + 1, of: keys.length }
}

/** The keys with the grabbed one elsewhere; no step yet, that comes with the drop. */
function moved(editor: Editor, keys: readonly Key[]): Editor {
  const key = keys.find(({ id }) => id === editor.grabbed?.id)
  if (!key) return editor
  const after = { ...editor, keys }
  return { ...after, said: saidOf(after, 'moved', key), focus: key.id }
}

function shift(editor: Editor, by: 1 | -1, places: readonly Place[]): Editor {
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
function moveOver(editor: Editor, id: string): Editor {
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

function moveTo(editor: Editor, place: Place | 'end'): Editor {
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

function drop(editor: Editor): Editor {
  const { grabbed, keys } = editor
  const key = keys.find(({ id }) => id === grabbed?.id)
  if (!grabbed || !key) return without(editor, 'grabbed')
  const rest = without(editor, 'grabbed')
  const after = grabbed.before === keys ? rest : { ...step({ ...rest, keys: grabbed.before }, keys) }
  return { ...after, said: saidOf(after, 'dropped', key), focus: key.id }
}

function letGo(editor: Editor): Editor {
  const { grabbed } = editor
  const key = grabbed?.before.find(({ id }) => id === grabbed.id)
  if (!grabbed || !key) return editor
  const after = { ...without(editor, 'grabbed'), keys: grabbed.before }
  return { ...after, said: saidOf(after, 'back', key), focus: key.id }
}

type StoreAction = Extract<Action, { type: 'saving' | 'saved' | 'conflict' | 'takeNewer' | 'reapply' | 'refused' }>

/** What becomes of saving. */
function stored(editor: Editor, action: StoreAction): Editor {
  switch (action.type) {
    case 'saving':
      return { ...without(editor, 'refusal'), state: 'saving' }
    case 'saved': {
      const opened = openEditor(editor.owner, action.keys, action.tag)
      // The same keys under the ids they had, so that nothing on the page jumps.
      const same = opened.keys.map((key, index) => ({ ...key, id: editor.keys[index]?.id ?? key.id }))
      const keys = action.keys.length === editor.keys.length ? same : opened.keys
      const rest = { ...without(editor, 'newer', 'refusal', 'form'), made: editor.made }
      return { ...rest, base: keys, keys, tag: action.tag, state: 'ready', said: { what: 'saved' } }
    }
    case 'conflict':
      return { ...editor, state: 'conflict', newer: { keys: action.keys, tag: action.tag } }
    case 'takeNewer': {
      if (!editor.newer) return editor
      const { keys, tag } = editor.newer
      return { ...openEditor(editor.owner, keys, tag), past: [...editor.past, editor.keys], made: editor.made }
    }
    case 'reapply': {
      if (!editor.newer) return editor
      const opened = openEditor(editor.owner, editor.newer.keys, editor.newer.tag)
      const theirs = opened.keys.map((key) => ({ ...key, id: `${key.id}.${editor.made}` }))
      const keys = mergeKeys(editor.owner, editor.base, editor.keys, theirs)
      return { ...opened, base: theirs, keys, past: [...editor.past, editor.keys], made: editor.made + 1 }
    }
    case 'refused':
      return { ...editor, state: 'refused', refusal: action.text }
  }
}
