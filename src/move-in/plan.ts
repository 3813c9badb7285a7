import { keyCell } from '../bulk/key-cell.js'
import { csvText } from '../bulk/csv-text.js'
import type { PhoneModel } from '../catalog/manifest.js'
import type { Layer } from '../domain/entities.js'
import type { SettingContent, Vocabulary } from '../settings/vocabulary.js'
import type { ReadKey, ReadPhone } from './read-phone.js'

/** Instead of values that may be passwords. */
export const MASKED = '********'

/** A value for all phones of the site, for a person, or for one phone. */
export interface TakenSetting {
  readonly layer: 'site' | 'extension' | 'device'
  /** Number or MAC address; '' for the site. */
  readonly owner: string
  readonly key: string
  readonly value: SettingContent
  /** Phones that had it. */
  readonly phones: number
}

/** A parameter that nothing here stands for. */
export interface UntakenParameter {
  readonly family: string
  readonly name: string
  readonly value: string
  readonly phones: number
  /** It names the old server. */
  readonly old: boolean
}

export interface MoveInPlan {
  readonly phones: readonly ReadPhone[]
  readonly people: readonly { readonly number: string; readonly name: string }[]
  readonly settings: readonly TakenSetting[]
  readonly untaken: readonly UntakenParameter[]
  /** People, phones, lines and keys as a file of the import profile `phoneboot`; holds their SIP passwords. */
  readonly csv: string
}

/** Puts together what the phones have in common. Passwords are in its CSV file only. */
export function planMoveIn(
  phones: readonly ReadPhone[],
  vocabulary: Vocabulary,
  { modelOf, oldHosts }: { modelOf: (id: string) => PhoneModel | undefined; oldHosts: readonly string[] },
): MoveInPlan {
  const people = peopleOf(phones)
  const settings = settingsOf(phones, vocabulary)
  return {
    phones,
    people: [...people].map(([number, name]) => ({ number, name })),
    settings,
    untaken: untakenOf(phones, modelOf, oldHosts),
    csv: csvOf(phones, people, settings),
  }
}

function peopleOf(phones: readonly ReadPhone[]): Map<string, string> {
  const people = new Map<string, string>()
  for (const { lines } of phones) {
    for (const { number, name } of lines) {
      if (!people.get(number) || people.get(number) === number) people.set(number, name === '' ? number : name)
    }
  }
  return people
}

/** What more than half of the phones say is said for the site; of the others each person, or phone, keeps what it had. */
function settingsOf(phones: readonly ReadPhone[], vocabulary: Vocabulary): TakenSetting[] {
  const taken: TakenSetting[] = []
  for (const [key, definition] of vocabulary) {
    const said = phones.flatMap((phone) => {
      const value = phone.settings.get(key)
      return value === undefined ? [] : [{ phone, value, text: JSON.stringify(value) }]
    })
    const counts = new Map<string, number>()
    for (const { text } of said) counts.set(text, (counts.get(text) ?? 0) + 1)
    const [most = '', count = 0] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? []
    const ours = JSON.stringify(definition.default)
    const usual = definition.layers.includes('site') && count * 2 > phones.length ? most : ours
    if (usual !== ours) {
      taken.push({ layer: 'site', owner: '', key, value: JSON.parse(usual) as SettingContent, phones: count })
    }
    const told = new Set<string>()
    for (const { phone, value, text } of said) {
      const place = text === usual ? undefined : placeOf(phone, definition.layers)
      if (!place || told.has(place.owner)) continue
      told.add(place.owner)
      taken.push({ ...place, key, value, phones: 1 })
    }
  }
  return taken
}

/** Where a value of one phone belongs: to its person if it can, because people get other phones. */
function placeOf(
  { mac, lines }: ReadPhone,
  layers: readonly Layer[],
): Pick<TakenSetting, 'layer' | 'owner'> | undefined {
  const [line] = lines
  if (line && layers.includes('extension')) return { layer: 'extension', owner: line.number }
  return layers.includes('device') ? { layer: 'device', owner: mac } : undefined
}

function untakenOf(
  phones: readonly ReadPhone[],
  modelOf: (id: string) => PhoneModel | undefined,
  oldHosts: readonly string[],
): UntakenParameter[] {
  const seen = new Map<string, UntakenParameter>()
  for (const { model, rest } of phones) {
    const { family = '', secretParameters = '' } = modelOf(model) ?? {}
    for (const [name, text] of rest) {
      const value = secretParameters !== '' && new RegExp(secretParameters).test(name) ? MASKED : text
      const id = JSON.stringify([family, name, value])
      const old = oldHosts.some((host) => host !== '' && text.includes(host))
      seen.set(id, { family, name, value, old, phones: (seen.get(id)?.phones ?? 0) + 1 })
    }
  }
  return [...seen.values()].sort((a, b) => b.phones - a.phones || (a.name < b.name ? -1 : 1))
}

function csvOf(
  phones: readonly ReadPhone[],
  people: ReadonlyMap<string, string>,
  settings: readonly TakenSetting[],
): string {
  const known = new Set<string>()
  const rows = phones.flatMap((phone) =>
    phone.lines.map((line, index) => {
      // A person on several phones is told of once; the keys are those of the first one.
      const isFirst = !known.has(line.number)
      known.add(line.number)
      return { phone, line, isFirst, keys: isFirst && index === 0 ? keysInOrder(phone.keys) : [] }
    }),
  )
  const most = Math.max(0, ...rows.map(({ keys }) => keys.length))
  const keyNames = Array.from({ length: most }, (_, index) => `key${index + 1}`)
  const personal = new Map(
    settings.flatMap(({ layer, owner, key, value }) =>
      layer === 'extension' ? [[`${owner} ${key}`, Array.isArray(value) ? value.join(',') : String(value)]] : [],
    ),
  )
  const columns = [...new Set(settings.flatMap(({ layer, key }) => (layer === 'extension' ? [key] : [])))]
  return csvText([
    ['mac', 'model', 'line', 'extension', 'name', 'username', 'password', ...keyNames, ...columns],
    ...rows.map(({ phone: { mac, model }, line, isFirst, keys }) => [
      ...[mac, model, String(line.position), line.number],
      ...(isFirst ? [people.get(line.number) ?? line.number, line.username, line.password.reveal()] : ['', '', '']),
      ...keyNames.map((_, index) => keys[index] ?? ''),
      ...columns.map((key) => (isFirst ? (personal.get(`${line.number} ${key}`) ?? '') : '')),
    ]),
  ])
}

/** Keys of lines are laid by themselves; what follows keeps its order, with free keys in between. */
function keysInOrder(keys: readonly ReadKey[]): string[] {
  const wanted = keys.filter(({ kind }) => kind !== 'line')
  const banks = new Set(wanted.map(({ bank }) => bank))
  return [...banks].flatMap((bank) => {
    const own = wanted.filter((key) => key.bank === bank).sort((a, b) => a.position - b.position)
    const first = own[0]?.position ?? 1
    const cells: string[] = []
    for (const key of own) {
      while (cells.length < key.position - first) cells.push('none')
      cells.push(keyCell(key))
    }
    return cells
  })
}
