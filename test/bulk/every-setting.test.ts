import { describe, expect, test } from '@jest/globals'
import { csvText } from '../../src/bulk/csv-text.js'
import type { Existing } from '../../src/bulk/plan-parts.js'
import { SEAL_CONTEXTS } from '../../src/secrets/contexts.js'
import type { Sealed } from '../../src/domain/secret.js'
import { SETTING_OWNERS, type SettingOwner } from '../../src/bulk/columns.js'
import { checkSetting } from '../../src/settings/vocabulary.js'
import { afterPlan, exportedFrom, importParts, NOTHING_THERE, prepared } from '../support/imports.js'
import { samplesOf } from '../support/setting-samples.js'

const parts = importParts()
const { vocabulary } = parts
/** Everything that a person can have set for themselves. */
const PERSONAL = [...vocabulary].filter(([, { layers }]) => layers.includes('extension'))

/** A person with a phone, and a group: everybody who can have settings. */
const OFFICE = 'extension,name,mac,model,keysOfGroup\n101,Anna,001565aabbcc,yealink/t21p-e2,\n,,,,Sales\n'
const NOBODY: Existing = { ...NOTHING_THERE, places: { ...NOTHING_THERE.places, groups: [] } }

const openSetting = (owner: string, key: string, sealed: unknown): string =>
  parts.secrets.open(sealed as Sealed, SEAL_CONTEXTS.settingValue('extension', owner, key)).reveal()

const exported = (existing: Existing): Promise<string> => exportedFrom(existing, parts, { passwords: true })

async function imported(csv: string, before?: Existing): ReturnType<typeof prepared> {
  const found = await prepared(csv, parts, before ?? NOBODY)
  expect(found.obstacles).toEqual([])
  return found
}

/** Settings of 101, secrets opened. */
function settingsOf(existing: Existing): Record<string, unknown> {
  const owner = existing.extensions.get('101')?.id ?? ''
  return Object.fromEntries(
    [...existing.settings(owner).values].map(([key, value]) => [
      key,
      parts.isSecret(key) && value !== null ? openSetting(owner, key, value) : value,
    ]),
  )
}

/** Anna with these settings, as page, API or command line would have saved them. */
async function withSettings(values: Readonly<Record<string, unknown>>): Promise<Existing> {
  const there = afterPlan((await imported('extension,name\n101,Anna\n')).planned, NOBODY)
  const owner = there.extensions.get('101')?.id ?? ''
  const stored = Object.entries(values).map(([key, given]): [string, unknown] => {
    const value = checkSetting(vocabulary, key, 'extension', given)
    const isSealed = parts.isSecret(key) && typeof value === 'string'
    return [key, isSealed ? parts.secrets.seal(value, SEAL_CONTEXTS.settingValue('extension', owner, key)) : value]
  })
  return { ...there, settings: (id) => (id === owner ? { revision: 1, values: new Map(stored) } : NOBODY.settings(id)) }
}

/** Goes out to a file and comes back: to whom it came from, and to somebody who has nothing yet. */
async function roundTrip(values: Readonly<Record<string, unknown>>): Promise<{ file: string; kept: string[] }> {
  const there = await withSettings(values)
  const file = await exported(there)
  const again = await imported(file, there)
  expect(again.planned.reports.map(({ outcome, changes }) => [outcome, changes])).toEqual([['same', []]])
  const elsewhere = await imported(file)
  const arrived = afterPlan(elsewhere.planned, NOBODY)
  expect(settingsOf(arrived)).toEqual(settingsOf(there))
  expect(await exported(arrived)).toBe(file)
  return { file, kept: elsewhere.summary.kept.map(({ setting }) => setting) }
}

describe('every setting of a person', () => {
  test.each(PERSONAL)('%s goes through a file without loss, each kind of value', async (key, definition) => {
    const samples = samplesOf(key, definition)
    expect(samples).not.toEqual([])
    for (const value of definition.default === null ? [...samples, null] : samples) {
      const { file, kept } = await roundTrip({ [key]: value })
      expect(file.split('\r\n')[0]?.split(',')).toContain(key)
      // What only a PBX acts on is told as such, and nothing else is.
      expect(kept).toEqual(definition.actedOnBy === 'pbx' ? [key] : [])
    }
  })

  test('all of them at once are columns of one file, and raw parameters of phones beside them', async () => {
    const all = Object.fromEntries(PERSONAL.map(([key, definition]) => [key, samplesOf(key, definition)[0]]))
    const raw = { 'raw.yealink.account.1.ptime': '20', 'raw.snom.user_descr#1': '' }
    const { file, kept } = await roundTrip({ ...all, ...raw })
    const header = file.split('\r\n')[0]?.split(',') ?? []
    expect(header).toEqual(expect.arrayContaining([...Object.keys(all), ...Object.keys(raw)]))
    expect(kept.sort()).toEqual(PERSONAL.flatMap(([key, { actedOnBy }]) => (actedOnBy === 'pbx' ? [key] : [])).sort())
  })

  test('text that was pasted with a no-break space is still the same when it comes back', async () => {
    const there = await withSettings({ jobTitle: 'Chief\u00a0cook', manualAuth: 'a\u00a0b' })
    const again = await imported(await exported(there), there)
    expect(again.planned.reports.map(({ outcome }) => outcome)).toEqual(['same'])
  })

  test('a wrong value is refused at its column, whatever the setting', async () => {
    const strict = PERSONAL.filter(([, { type }]) => !['text', 'lines', 'secret'].includes(type))
    for (const [key] of strict) {
      const { planned, obstacles } = await prepared(
        csvText([
          ['extension', key],
          ['101', '"; ?'],
        ]),
        parts,
      )
      expect([key, obstacles.length, planned.reports[0]?.problems[0]]).toEqual([
        key,
        1,
        expect.objectContaining({ code: 'SETTING_VALUE_INVALID', row: 2, column: key }),
      ])
    }
    expect(strict.length).toBeGreaterThan(50)
  })
})

/** Ids of the phone, its line and the group of `OFFICE`. */
function ownersIn({ devices, places }: Existing): Record<SettingOwner, string> {
  const phone = [...devices.values()][0]
  return { phone: phone?.id ?? '', line: phone?.lines[0]?.id ?? '', group: places.groups[0]?.id ?? '' }
}

describe.each(Object.keys(SETTING_OWNERS) as SettingOwner[])('every setting of a %s', (of) => {
  const layer = SETTING_OWNERS[of]
  const settings = [...vocabulary].filter(([, { layers }]) => layers.includes(layer))

  test.each(settings)('%s goes through a file without loss, each kind of value', async (key, definition) => {
    const raw = { 'raw.yealink.account.1.ptime': '20', 'raw.snom.user_descr#1': '' }
    for (const value of [...samplesOf(key, definition), ...(definition.default === null ? [null] : [])]) {
      const there = afterPlan((await imported(OFFICE)).planned, NOBODY)
      const values = new Map<string, unknown>([
        [key, checkSetting(vocabulary, key, layer, value)],
        ...Object.entries(raw),
      ])
      const owner = ownersIn(there)[of]
      const full = { ...there, settings: (id: string) => ({ revision: 1, values: id === owner ? values : new Map() }) }
      const file = await exported(full)
      expect(file.split('\r\n')[0]?.split(',')).toContain(`${of}.${key}`)
      for (const strategy of ['update', 'overwrite'] as const) {
        const again = await prepared(file, parts, full, { strategy })
        expect(again.planned.reports.map(({ outcome, changes }) => [outcome, changes])).toEqual([
          ['same', []],
          ['same', []],
        ])
      }
      const arrived = afterPlan((await imported(file)).planned, NOBODY)
      expect(Object.fromEntries(arrived.settings(ownersIn(arrived)[of], layer).values)).toEqual(
        Object.fromEntries(values),
      )
      expect(await exported(arrived)).toBe(file)
    }
  })
})
