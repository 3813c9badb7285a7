import { apply, closed, openForm, typed } from './editor-form.js'
import { drop, letGo, moveOver, moveTo, shift } from './editor-moving.js'
import { saidOf, step, without, type Action, type Editor } from './editor-state.js'
import type { Key, Owner, StoredKey } from './key.js'
import { mergeKeys } from './merge.js'

export function openEditor(owner: Owner, stored: readonly StoredKey[], tag: string): Editor {
  const keys = stored.map((key, index) => fromStored(key, `s${index}`, owner))
  return { owner, base: keys, tag, keys, past: [], state: 'ready', made: 0 }
}

function fromStored({ position, bank, ...content }: StoredKey, id: string, owner: Owner): Key {
  return { id, ...content, ...(owner === 'device' && bank !== undefined ? { bank, position } : {}) }
}

/** What is sent to be stored. */
export function toStored({ owner, keys }: Pick<Editor, 'owner' | 'keys'>): StoredKey[] {
  return keys.map(({ kind, value, label, line, locked, bank = '', position = 0 }, index) => ({
    kind,
    ...(value === undefined ? {} : { value }),
    ...(label === undefined ? {} : { label }),
    ...(line === undefined ? {} : { line }),
    ...(locked === true ? { locked } : {}),
    ...(owner === 'device' ? { bank, position } : { position: index + 1 }),
  }))
}

/** True when saving would change something. */
export function isChanged(editor: Editor): boolean {
  const text = (keys: readonly Key[]): string =>
    JSON.stringify(toStored({ owner: editor.owner, keys }).map((key) => Object.entries(key).sort()))
  return text(editor.base) !== text(editor.keys)
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
      return { ...editor, form: { kind, value: '', label: '', line: '', locked: false, ...(place ? { place } : {}) } }
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
