import { computed, signal, type ReadonlySignal } from '@preact/signals'
import { shownLabel, type KeyLayout, type PlacedKey } from '../../../catalog/key-bank.js'
import { attachedModules, NO_MODULES, type AttachedModules } from '../../../catalog/key-modules.js'
import { sheetWithModules, type KeySheet } from '../../../catalog/key-sheet.js'
import { keyWarning } from '../../../extensions/key-warnings.js'
import { isChanged, openEditor, reduce } from '../editor.js'
import type { Action, Editor } from '../editor-state.js'
import type { Key, Place } from '../key.js'
import { placeNumbers } from '../place-name.js'
import { layOut, placeById } from '../placed.js'
import type { ShownPhone, Start } from '../start.js'

/** What every part of the editor works with. */
export interface Surroundings {
  readonly start: Start
  readonly editor: ReadonlySignal<Editor>
  readonly changed: ReadonlySignal<boolean>
  /** The model that is shown, with the modules that are attached, and the phone when it is one. */
  readonly sheet: ReadonlySignal<KeySheet>
  /** Attached to what is shown: by its settings, by keys on them, or only to be looked at. */
  readonly modules: ReadonlySignal<AttachedModules>
  readonly phone: ReadonlySignal<ShownPhone | undefined>
  readonly layout: ReadonlySignal<KeyLayout>
  readonly places: ReadonlySignal<ReadonlyMap<string, PlacedKey>>
  dispatch(action: Action): void
  /** @param sheet with every module the model takes */
  show(sheet: KeySheet, phone: ShownPhone | undefined): void
  /** Shows so many modules; stored with the keys that are put on them, or by the phone's settings. */
  attach(number: number): void
  /** Remembers whom a number is of. */
  learn(number: string, name: string): void
  t(key: string, values?: Readonly<Record<string, string | number | undefined>>): string
  count(key: string, n: number, values?: Readonly<Record<string, string | number>>): string
  nameOf(number: string | undefined): string | undefined
  /** A key in words: what it does, for whom. */
  keyText(key: Pick<Key, 'kind' | 'value' | 'label'>): string
  /** What a key will not do although it is written. */
  warningOf(key: Pick<Key, 'kind' | 'value'>): string | undefined
  placeText(place: Place): string
  /** What the phone shows on it. */
  labelOf(key: PlacedKey): string | undefined
}

export function createSurroundings(start: Start): Surroundings {
  const editor = signal(openEditor(start.owner, start.keys, start.tag))
  const full = signal(start.sheet)
  const phone = signal<ShownPhone | undefined>(start.phones[0])
  const wanted = signal<AttachedModules>(start.phones[0]?.modules ?? NO_MODULES)
  const modules = computed(() => {
    const own = start.owner === 'device' ? editor.value.keys : (phone.value?.phone ?? [])
    const placed = own.flatMap(({ bank, position = 0 }) => (bank === undefined ? [] : [{ bank, position }]))
    return attachedModules(full.value, { number: wanted.value.number, type: wanted.value.type }, placed)
  })
  const sheet = computed(() => sheetWithModules(full.value, modules.value))
  const names = signal<Readonly<Record<string, string>>>(start.names)
  const unwatched = new Set(start.unwatched)
  const knowledge = {
    isUnwatched: (number: string) => unwatched.has(number),
    codes: start.codes,
    mayNotTransfer: start.mayNotTransfer,
  }
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
    modules,
    phone,
    layout,
    places,
    dispatch: (action) => {
      editor.value = reduce(editor.value, action)
    },
    show: (model, onPhone) => {
      full.value = model
      phone.value = onPhone
      wanted.value = onPhone?.model === model.id ? onPhone.modules : NO_MODULES
    },
    attach: (number) => {
      wanted.value = { ...wanted.value, number }
    },
    learn: (number, name) => {
      names.value = { ...names.value, [number]: name }
    },
    t,
    count: (key, n, values = {}) => t(`${key}.${plural.select(n) === 'one' ? 'one' : 'other'}`, { n, ...values }),
    nameOf,
    keyText: ({ kind, value, label }) =>
      [t(`keys.kind.${kind}`), value, label ?? nameOf(value)].filter((part) => part !== undefined).join(' '),
    warningOf: (key) => {
      const warning = keyWarning(key, knowledge)
      if (!warning) return undefined
      const { why, value, name } = warning
      return t(`keys.warn.${why}`, { value, name: name ?? nameOf(value) ?? '' })
    },
    placeText: (place) => {
      const word = `keys.bank.${place.bank}`
      const numbers = placeNumbers(sheet.value, place)
      return start.words[word] === undefined ? `${place.bank} ${numbers.n}` : t(word, { ...numbers })
    },
    labelOf: (key) => {
      const line = phone.value?.lines.find((one) => one.position === (key.line ?? 1))
      const max = sheet.value.keys[key.bank]?.labelMax
      return shownLabel(key, line?.label, nameOf(key.value), max) ?? undefined
    },
  }
}
