import { keyMeaning } from '../../catalog/key-bank.js'
import { NEED_VALUE, TAKE_NO_VALUE } from '../../extensions/key-kinds.js'
import { isAt, saidOf, step, without, type Editor, type Form, type Wrong } from './editor-state.js'
import type { Key, Place } from './key.js'

/* What becomes of the form in which a key is made or changed. */

/** The key of the list that would do the same as `key`, if there is one. */
export function sameAs(keys: readonly Key[], key: Omit<Key, 'id'>, except: string | undefined): Key | undefined {
  if (key.kind === 'none' || key.kind === 'line') return undefined
  return keys.find((other) => other.id !== except && keyMeaning(other) === keyMeaning(key))
}

export function closed(editor: Editor, focus: string): Editor {
  return { ...without(editor, 'form'), focus }
}

export function openForm(editor: Editor, id: string): Editor {
  const key = editor.keys.find((one) => one.id === id)
  if (!key) return editor
  const { kind, value = '', label = '', line, locked = false, bank, position } = key
  const place = bank === undefined || position === undefined ? {} : { place: { bank, position } }
  return { ...editor, form: { id, kind, value, label, line: line === undefined ? '' : String(line), locked, ...place } }
}

export function typed(form: Form, changes: Partial<Form>): Form {
  const after = { ...form, ...changes }
  delete after.wrong
  return after
}

/** What the form holds, as a key; what a kind has no use for is left out. */
function formKey({ kind, value, label, line, locked }: Form): Omit<Key, 'id'> {
  const text = value.trim()
  const shown = label.trim()
  const account = /^[1-9]\d{0,2}$/.test(line) ? Number(line) : undefined
  return {
    kind,
    ...(text === '' || TAKE_NO_VALUE.has(kind) ? {} : { value: text }),
    ...(shown === '' ? {} : { label: shown }),
    ...(account === undefined ? {} : { line: account }),
    ...(locked ? { locked } : {}),
  }
}

export function apply(editor: Editor, places: readonly Place[]): Editor {
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
