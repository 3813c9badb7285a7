import { AppError, type Problem } from '../domain/errors.js'
import { parseRawKey, type SettingContent } from '../settings/vocabulary.js'
import { SETTING_OWNERS, type Column } from './columns.js'
import type { OwnerLayer } from './settings-change.js'
import { readKeyCell } from './key-cell.js'
import { CLEARED, keptText } from './row-cells.js'
import { problemAt } from './row-problems.js'
import { PHONE_STATES, type ImportRow, type PhoneState, type PlacedKey } from './row.js'

/** Keys of a row: the person's or group's, and the phone's own. Undefined: the file has no columns of them. */
export function readKeys(
  row: number,
  columns: readonly Column[],
  texts: readonly string[],
  problems: Problem[],
): Pick<ImportRow, 'keys' | 'phoneKeys'> {
  const found: { keys?: PlacedKey[]; phoneKeys?: PlacedKey[] } = {}
  columns.forEach(({ target, header }, index) => {
    if (target.kind !== 'key' && target.kind !== 'phone-key') return
    const list = target.kind === 'key' ? (found.keys ??= []) : (found.phoneKeys ??= [])
    const text = texts[index] ?? ''
    if (text === '') return
    const key = readKeyCell(text)
    const { position } = target
    const place = target.kind === 'key' ? { position } : { position, bank: target.bank }
    if (typeof key === 'string') problems.push(problemAt('KEY_INVALID', row, header, key))
    else list.push(Object.assign(place, key))
  })
  found.keys?.sort((a, b) => a.position - b.position)
  return found
}

type Settings = Map<string, SettingContent>
type OwnedSettings = Pick<ImportRow, 'phoneSettings' | 'lineSettings' | 'groupSettings'>

/** Settings of a row by whose they are, texts that are kept among the person's; `attempt` takes what is wrong. */
export function readSettings(
  columns: readonly Column[],
  texts: readonly string[],
  attempt: <T>(header: string, work: () => T) => T | undefined,
  parts: { checkSetting(key: string, value: unknown, layer?: OwnerLayer): SettingContent },
): OwnedSettings & { own: Settings } {
  const own: Settings = new Map()
  const owned: { phoneSettings?: Settings; lineSettings?: Settings; groupSettings?: Settings } = {}
  columns.forEach(({ target, header }, index) => {
    const text = texts[index] ?? ''
    if (text.trim() === '') return
    if (target.kind === 'kept') {
      const value = attempt(header, () => keptText(text))
      if (value !== undefined) own.set(target.key, value)
    }
    if (target.kind !== 'setting' && target.kind !== 'owned') return
    const layer = target.kind === 'owned' ? SETTING_OWNERS[target.of] : undefined
    const given = text === CLEARED && parseRawKey(target.key) ? '' : text
    const value = attempt(header, () => parts.checkSetting(target.key, given, layer))
    if (value === undefined) return
    const settings =
      target.kind === 'owned' ? (owned[`${target.of}Settings`] ??= new Map<string, SettingContent>()) : own
    settings.set(target.key, value)
  })
  return { own, ...owned }
}

/** Throws CSV_INVALID. */
export function requirePhoneState(given: string): PhoneState {
  const state = PHONE_STATES.find((one) => one === given.toLowerCase())
  if (state !== undefined) return state
  throw new AppError('CSV_INVALID', `"${given.slice(0, 30)}" is no state of a phone: ${PHONE_STATES.join(', ')}`)
}

/** What a row says of a phone, line or group, and names none. */
export function warnOfNobody(
  row: number,
  given: { [K in keyof ImportRow]?: ImportRow[K] | undefined },
  problems: Problem[],
): void {
  const { mac, extension, keysOfGroup, phoneSettings, lineSettings, groupSettings, phoneKeys = [] } = given
  const { phoneState, phoneGroup, lineLabel } = given
  const said = [phoneState, phoneGroup, lineLabel, phoneSettings, lineSettings, groupSettings, ...phoneKeys]
  if (said.every((one) => one === undefined)) return
  const ofPhone = [
    ...Object.entries({ phoneState, phoneGroup }).flatMap(([name, value]) => (value === undefined ? [] : name)),
    ...phoneKeys.map(({ bank, position }) => `${bank ?? ''}@${position}`),
    ...(phoneSettings?.keys() ?? []),
  ]
  const ofLine = [...(lineLabel === undefined ? [] : ['lineLabel']), ...(lineSettings?.keys() ?? [])]
  const warn = (names: readonly string[], what: string): void => {
    if (names.length === 0) return
    problems.push(problemAt('CSV_INVALID', row, undefined, `${what}: ${names.join(', ')} is not kept`, 'warning'))
  }
  if (mac === undefined) warn([...ofPhone, ...ofLine], 'the row has no phone')
  else if (extension === undefined) warn(ofLine, 'the row has no line')
  if (keysOfGroup === undefined) warn([...(groupSettings?.keys() ?? [])], 'the row is not of a group')
}
