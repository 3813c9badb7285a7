import type { KeyKind, LineKey } from '../domain/entities.js'
import type { Problem } from '../domain/errors.js'
import type { KeyBank, ModuleRules, PhoneModel } from './manifest.js'

/** One key of a phone after a person's keys were laid onto it. */
export interface PlacedKey {
  bank: string
  /** 1-based place in the bank. */
  position: number
  /** The vendor's index: position counted from the bank's `first`. */
  index: number
  kind: KeyKind
  value?: string
  label?: string
  line?: number
  /** What was laid here; undefined for unused keys and for the line keys that phones get by themselves. */
  from?: LineKey
}

export interface KeyLayout {
  /** Every key the phone has, unused ones as kind `none`: phones keep what a file no longer mentions. */
  banks: Readonly<Record<string, readonly PlacedKey[]>>
  /** Keys that found no place, in order. */
  overflow: readonly LineKey[]
  /** Keys of the phone's group that do the same as a key of the phone or of its person: laid once. */
  repeated: readonly LineKey[]
}

/** What a model must tell for keys to be laid onto it. */
export interface KeyModel {
  readonly lines: number
  readonly keys: Readonly<Record<string, BankRules>>
}

export type BankRules = Pick<KeyBank, 'count' | 'first' | 'kinds' | 'auto'> & {
  skip?: readonly number[] | undefined
  module?: ModuleRules | undefined
}

/** What a bank's key at this 1-based position can be. */
export function bankAllows(bank: Pick<KeyBank, 'kinds'>, kind: KeyKind): boolean {
  return kind === 'none' || bank.kinds.includes(kind)
}

/**
 * Lays keys onto a model: the device's own keys at their places, then a line key per account in use (unless a
 * key for it is there already), then the person's keys in order, each at the first free place that can be it, and in
 * the places that are left the keys of the phone's group: a longer template moves nobody's keys.
 * @param activeLines account positions in use, ascending
 */
export function layOutKeys(
  model: KeyModel,
  activeLines: readonly number[],
  personKeys: readonly LineKey[],
  deviceKeys: readonly LineKey[],
  groupKeys: readonly LineKey[] = [],
): KeyLayout {
  const banks: Record<string, PlacedKey[]> = {}
  for (const [name, bank] of Object.entries(model.keys)) banks[name] = emptyBank(name, bank)
  const overflow: LineKey[] = []

  for (const key of deviceKeys) {
    const bank = bankOf(model, key.bank)
    const place = bank && banks[key.bank ?? '']?.find((placed) => placed.position === key.position)
    if (bank && place && place.kind === 'none' && bankAllows(bank, key.kind)) assign(place, key, key)
    else overflow.push(key)
  }
  const owned = [...personKeys, ...deviceKeys, ...groupKeys]
    .filter((key) => key.kind === 'line')
    .map((key) => key.line ?? 1)
  for (const line of activeLines) {
    if (!owned.includes(line)) placeFirst(model, banks, { kind: 'line', line })
  }
  const stronger = new Set([...personKeys, ...deviceKeys].map(keyMeaning))
  const repeated = groupKeys.filter((key) => stronger.has(keyMeaning(key)))
  for (const key of [...personKeys, ...groupKeys.filter((key) => !stronger.has(keyMeaning(key)))]) {
    if (key.kind === 'none') continue
    // An account that this phone does not have: the person had a bigger phone before.
    const possible = key.line === undefined || key.line <= model.lines
    if (!possible || !placeFirst(model, banks, key)) overflow.push(key)
  }
  return { banks, overflow, repeated }
}

/** Equal for keys that do the same, whatever stands on them. */
export function keyMeaning({ kind, value, line }: KeyContent): string {
  return `${kind} ${line ?? 1} ${value ?? ''}`
}

/**
 * Why a key of a person or group found no place on a model: the phone has no such account, none of its keys can be
 * this kind, or those that can are taken; `module`: one more expansion module would have room.
 */
export function whyNoPlace(model: KeyModel, { kind, line }: KeyContent): 'line' | 'kind' | 'full' | 'module' {
  if (line !== undefined && line > model.lines) return 'line'
  const able = Object.values(model.keys).filter((bank) => bank.auto && bankAllows(bank, kind))
  if (able.length === 0) return 'kind'
  return able.some(({ module, count }) => module && count < module.max * module.keys) ? 'module' : 'full'
}

/** Only a bank of the manifest: `constructor` is a property of every object. */
function bankOf<Bank>(model: { keys: Readonly<Record<string, Bank>> }, name: string | undefined): Bank | undefined {
  return name !== undefined && Object.hasOwn(model.keys, name) ? model.keys[name] : undefined
}

function emptyBank(name: string, bank: BankRules): PlacedKey[] {
  const keys: PlacedKey[] = []
  for (let position = 1; position <= bank.count; position += 1) {
    const index = bank.first + position - 1
    if (!bank.skip?.includes(index)) keys.push({ bank: name, position, index, kind: 'none' })
  }
  return keys
}

type KeyContent = { [Part in 'kind' | 'value' | 'label' | 'line']?: LineKey[Part] | undefined } & Pick<LineKey, 'kind'>

function assign(place: PlacedKey, key: KeyContent, from: LineKey | undefined): void {
  place.kind = key.kind
  if (key.value !== undefined) place.value = key.value
  if (key.label !== undefined) place.label = key.label
  if (key.line !== undefined) place.line = key.line
  if (from) place.from = from
}

function placeFirst(model: KeyModel, banks: Record<string, PlacedKey[]>, key: KeyContent | LineKey): boolean {
  for (const [name, bank] of Object.entries(model.keys)) {
    if (!bank.auto || !bankAllows(bank, key.kind)) continue
    const place = banks[name]?.find(({ kind }) => kind === 'none')
    if (place) {
      assign(place, key, 'owner' in key ? key : undefined)
      return true
    }
  }
  return false
}

/** Cuts a label to what the display takes: a name may be longer, and a person's keys land on many models. */
export function cutLabel(text: string, max: number | undefined): string {
  const characters = [...text]
  return max === undefined || characters.length <= max ? text : characters.slice(0, max).join('').trimEnd()
}

/**
 * What a key shows: its own label, else that of its line, else the name of whom it is for, else its value; null where
 * the key has no label.
 * @param labelMax longest label of its bank, 0: none
 */
export function shownLabel(
  key: Pick<PlacedKey, 'kind' | 'label' | 'value'>,
  lineLabel: string | null | undefined,
  targetName: string | undefined,
  labelMax: number | undefined,
): string | null {
  const made = key.label ?? (key.kind === 'line' ? lineLabel : targetName || key.value)
  return labelMax === 0 || made === undefined || made === null ? null : cutLabel(made, labelMax)
}

/**
 * What is wrong with a device's own keys on this model: unknown bank or place, a kind the bank cannot be, a label that
 * is too long, a line the phone lacks. Empty when all is well. What no phone takes is refused before (extensions/keys).
 */
export function checkDeviceKeys(model: PhoneModel, keys: readonly Omit<LineKey, 'id' | 'owner'>[]): Problem[] {
  return keys.flatMap((key, index) => {
    const column = `key ${index + 1}`
    const bank = bankOf(model, key.bank)
    if (!bank) {
      return [
        problem(
          column,
          `${model.name} has no key bank "${key.bank}"; it has ${Object.keys(model.keys).join(', ') || 'none'}`,
        ),
      ]
    }
    const place = `${key.bank} ${key.position}`
    const messages: string[] = []
    if (!Number.isInteger(key.position) || key.position < 1 || key.position > bank.count) {
      messages.push(`${place}: the bank has places 1 to ${bank.count}`)
    } else if (bank.skip?.includes(bank.first + key.position - 1)) {
      messages.push(`${place}: this phone lacks the key`)
    }
    if (bank.labelMax > 0 && [...(key.label ?? '')].length > bank.labelMax) {
      messages.push(`${place}: the label is longer than ${bank.labelMax} characters`)
    }
    if (!bankAllows(bank, key.kind))
      messages.push(`${place}: cannot be ${key.kind}; it can be ${bank.kinds.join(', ')}`)
    if (key.line !== undefined && (key.line < 1 || key.line > model.lines)) {
      messages.push(`${place}: the phone has lines 1 to ${model.lines}`)
    }
    return messages.map((message) => problem(column, message))
  })
}

function problem(column: string, message: string): Problem {
  return { code: 'KEY_INVALID', column, message: `${column}: ${message}` }
}
