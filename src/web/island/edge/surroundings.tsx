import { computed, signal, type ReadonlySignal } from '@preact/signals'
import { shownLabel, type KeyLayout, type PlacedKey } from '../../../catalog/key-bank.js'
import type { KeySheet } from '../../../catalog/key-sheet.js'
import { isChanged, openEditor, reduce, type Action, type Editor } from '../editor.js'
import type { Key, Place } from '../key.js'
import { layOut, placeById } from '../placed.js'
import type { ShownPhone, Start } from '../start.js'

/** What every part of the editor works with. */
export interface Surroundings {
  readonly start: Start
  readonly editor: ReadonlySignal<Editor>
  readonly changed: ReadonlySignal<boolean>
  /** The model that is shown, and the phone when it is one. */
  readonly sheet: ReadonlySignal<KeySheet>
  readonly phone: ReadonlySignal<ShownPhone | undefined>
  readonly layout: ReadonlySignal<KeyLayout>
  readonly places: ReadonlySignal<ReadonlyMap<string, PlacedKey>>
  dispatch(action: Action): void
  show(sheet: KeySheet, phone: ShownPhone | undefined): void
  /** Remembers whom a number is of. */
  learn(number: string, name: string): void
  t(key: string, values?: Readonly<Record<string, string | number | undefined>>): string
  count(key: string, n: number, values?: Readonly<Record<string, string | number>>): string
  nameOf(number: string | undefined): string | undefined
  /** A key in words: what it does, for whom. */
  keyText(key: Pick<Key, 'kind' | 'value' | 'label'>): string
  placeText(place: Place): string
  /** What the phone shows on it. */
  labelOf(key: PlacedKey): string | undefined
}

export function createSurroundings(start: Start): Surroundings {
  const editor = signal(openEditor(start.owner, start.keys, start.tag))
  const sheet = signal(start.sheet)
  const phone = signal<ShownPhone | undefined>(start.phones[0])
  const names = signal<Readonly<Record<string, string>>>(start.names)
  const plural = new Intl.PluralRules(start.language)
  const layout = computed(() => layOut(start.owner, editor.value.keys, sheet.value, phone.value))
  const places = computed(() => placeById(layout.value))
  const t: Surroundings['t'] = (key, values = {}) =>
    (start.words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
  const nameOf = (number: string | undefined): string | undefined =>
    number !== undefined && Object.hasOwn(names.value, number) ? names.value[number] : undefined
  return {
    start,
    editor,
    changed: computed(() => isChanged(editor.value)),
    sheet,
    phone,
    layout,
    places,
    dispatch: (action) => {
      editor.value = reduce(editor.value, action)
    },
    show: (model, onPhone) => {
      sheet.value = model
      phone.value = onPhone
    },
    learn: (number, name) => {
      names.value = { ...names.value, [number]: name }
    },
    t,
    count: (key, n, values = {}) => t(`${key}.${plural.select(n) === 'one' ? 'one' : 'other'}`, { n, ...values }),
    nameOf,
    keyText: ({ kind, value, label }) =>
      [t(`keys.kind.${kind}`), value, label ?? nameOf(value)].filter((part) => part !== undefined).join(' '),
    placeText: ({ bank, position }) => {
      const word = `keys.bank.${bank}`
      const { first = 1 } = sheet.value.keys[bank] ?? {}
      // Numbers as the phone counts them: its second bank of display keys begins where the first ends.
      const n = first === 0 ? position : first + position - 1
      return start.words[word] === undefined ? `${bank} ${n}` : t(word, { n })
    },
    labelOf: (key) => {
      const line = phone.value?.lines.find((one) => one.position === (key.line ?? 1))
      const max = sheet.value.keys[key.bank]?.labelMax
      return shownLabel(key, line?.label, nameOf(key.value), max) ?? undefined
    },
  }
}
