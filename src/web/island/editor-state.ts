import type { KeyKind } from '../../domain/entities.js'
import type { Key, Owner, Place, StoredKey } from './key.js'

/** The key in the form, new when it has no id. */
export interface Form {
  readonly id?: string
  readonly place?: Place
  readonly kind: KeyKind
  readonly value: string
  readonly label: string
  readonly line: string
  readonly locked: boolean
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
  | { type: 'type'; changes: Partial<Pick<Form, 'kind' | 'value' | 'label' | 'line' | 'locked' | 'place'>> }
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

export function isAt(key: Partial<Place>, place: Partial<Place> | undefined): boolean {
  return place !== undefined && key.bank === place.bank && key.position === place.position
}

export function without<Field extends 'form' | 'grabbed' | 'focus' | 'newer' | 'refusal' | 'said'>(
  editor: Editor,
  ...fields: Field[]
): Editor {
  const rest = { ...editor }
  for (const field of fields) delete rest[field]
  return rest
}

/** A step that can be undone. */
export function step(editor: Editor, keys: readonly Key[]): Editor {
  const past = [...editor.past, editor.keys]
  return {
    ...without(editor, 'refusal', 'form'),
    keys,
    past,
    state: editor.state === 'conflict' ? 'conflict' : 'ready',
  }
}

export function saidOf({ keys }: Editor, what: Said['what'], key: Key): Said {
  return { what, key, n: keys.findIndex(({ id }) => id === key.id) + 1, of: keys.length }
}
