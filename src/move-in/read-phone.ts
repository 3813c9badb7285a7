import type { KeyKind } from '../domain/entities.js'
import { parseExtensionNumber } from '../domain/extension-number.js'
import type { Mac } from '../domain/mac-address.js'
import type { Secret } from '../domain/secret.js'
import type { Entry } from '../readers/index.js'
import type { PhoneAccount, PhoneKey } from '../readers/account.js'
import { accountsOf, keysOf, type PhoneVendor } from '../readers/phone-account.js'
import { NEED_VALUE } from '../extensions/key-kinds.js'
import type { SettingContent } from '../settings/vocabulary.js'
import { parametersOf, type ModelKnowledge, type ParameterKey, type SettingShape } from './learn.js'

/** A phone as its old configuration has it. */
export interface ReadPhone {
  readonly mac: Mac
  readonly model: string
  readonly lines: readonly ReadLine[]
  /** Hosts it registered at. */
  readonly servers: readonly string[]
  readonly keys: readonly ReadKey[]
  readonly settings: ReadonlyMap<string, SettingContent>
  /** Everything the files say. */
  readonly parameters: ReadonlyMap<ParameterKey, string>
  /** Parameters that nothing above explains. */
  readonly rest: ReadonlyMap<ParameterKey, string>
  /** What could not be taken, in words. */
  readonly left: readonly string[]
}

export interface ReadLine {
  readonly position: number
  readonly number: string
  readonly name: string
  readonly label: string
  readonly username: string
  readonly password: Secret
}

export interface ReadKey {
  readonly bank: string
  readonly position: number
  readonly kind: KeyKind
  readonly value?: string
  readonly label?: string
}

/** Reads a phone from all its files together, in the order the phone loads them. */
export function readPhone(known: ModelKnowledge, mac: Mac, entries: readonly Entry[]): ReadPhone {
  const vendor = known.model.family as PhoneVendor
  const left: string[] = []
  const accounts = accountsOf(vendor, entries).filter(({ active, user }) => active && user !== '')
  const lines = accounts.flatMap((account) => lineOf(account, known.model.lines, left))
  const keys = keysOf(vendor, entries).flatMap((key) => readKey(known, key, left))
  const parameters = parametersOf(entries)
  const settings = new Map<string, SettingContent>()
  const explained = new Set<ParameterKey>(known.identity)
  for (const shape of known.settings) {
    const found = readSetting(shape, parameters)
    if (!found) continue
    settings.set(shape.key, found.value)
    for (const name of found.explains) explained.add(name)
  }
  const rest = new Map([...parameters].filter(([name, value]) => !explained.has(name) && value !== ''))
  const servers = accounts.map(({ server }) => server)
  return { mac, model: known.model.model, lines, servers, keys, settings, parameters, rest, left }
}

function lineOf(account: PhoneAccount, most: number, left: string[]): ReadLine[] {
  const { index, user, authUser, password, displayName, label } = account
  const number = parseExtensionNumber(user)
  if (number === undefined) {
    left.push(`account ${index}: "${user.slice(0, 40)}" is no extension number`)
    return []
  }
  if (index > most) {
    left.push(`account ${index}: the model has ${most} lines`)
    return []
  }
  const name = displayName === '' || displayName === user ? label : displayName
  return [{ position: index, number, name, label, username: authUser, password }]
}

function readKey(known: ModelKnowledge, key: PhoneKey, left: string[]): ReadKey[] {
  const { bank, position, code, value, label } = key
  for (const shape of known.keys) {
    if (shape.code !== code) continue
    const match = shape.value === undefined ? value === '' : shape.value.exec(value)
    if (match === false || match === null) continue
    const number = match === true ? undefined : match[1] && numberIn(match[1])
    if (number === undefined && NEED_VALUE.has(shape.kind)) break
    return [
      {
        ...{ bank, position, kind: shape.kind },
        ...(number === undefined ? {} : { value: number }),
        ...(label === '' ? {} : { label }),
      },
    ]
  }
  left.push(`key ${bank} ${position}: nothing here does what "${code.slice(0, 30)}" does`)
  return []
}

/** Some tools wrote whole addresses where a number is enough. */
function numberIn(text: string): string {
  return /^(?:sips?:)?([^@\s]+)@[^@\s]+$/i.exec(text)?.[1] ?? text
}

/** The setting as the file has it; undefined when the file does not say, or says what no value of it would. */
function readSetting(
  shape: SettingShape,
  parameters: ReadonlyMap<ParameterKey, string>,
): { value: SettingContent; explains: readonly ParameterKey[] } | undefined {
  if ('parameter' in shape) {
    const text = parameters.get(shape.parameter)
    const found = text === undefined ? undefined : shape.text.exec(text)?.[1]
    if (found === undefined) return undefined
    if (shape.isNumber && !/^\d{1,9}$/.test(found)) return undefined
    return { value: shape.isNumber ? Number(found) : found, explains: [shape.parameter] }
  }
  let best: { value: SettingContent; explains: readonly ParameterKey[] } | undefined
  let isGuess = false
  for (const { value, entries } of shape.values) {
    const said = [...entries.keys()].filter((name) => parameters.has(name))
    if (said.length === 0 || said.some((name) => parameters.get(name) !== entries.get(name))) continue
    if (best && said.length === best.explains.length) isGuess = true
    if (best && said.length <= best.explains.length) continue
    best = { value, explains: said }
    isGuess = false
  }
  // Without summer time are many zones: a file that says no more does not tell which.
  return isGuess ? undefined : best
}
