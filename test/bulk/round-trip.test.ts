import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { planSize } from '../../src/bulk/apply.js'
import { csvText } from '../../src/bulk/csv-text.js'
import type { ExportOptions } from '../../src/bulk/export-rows.js'
import { groupNameCell, groupsCell } from '../../src/bulk/group-names.js'
import { keyCell } from '../../src/bulk/key-cell.js'
import type { Existing } from '../../src/bulk/plan-parts.js'
import type { ImportOptions } from '../../src/bulk/import-options.js'
import type { Prepared } from '../../src/bulk/prepare.js'
import { KEY_KINDS } from '../../src/domain/entities.js'
import { afterPlan, exportedFrom, importParts, NOTHING_THERE, prepared } from '../support/imports.js'

const parts = importParts()
const read = (csv: string, existing?: Existing, options?: ImportOptions): Promise<Prepared> =>
  prepared(csv, parts, existing, options)

/** What there is after a file went in. */
async function after(csv: string, before?: Existing, options?: ImportOptions): Promise<Existing> {
  const { planned, obstacles } = await read(csv, before, options)
  expect(obstacles).toEqual([])
  return afterPlan(planned, before)
}

const outcomes = ({ planned }: Prepared): string[] => planned.reports.map(({ outcome }) => outcome)

const name = fc
  .string({ unit: fc.constantFrom(...'aZ9 ö,;"|\'=+-@:Ж😀#\\\u00a0'), minLength: 1, maxLength: 12 })
  .map((text) => text.trim())
  .filter((text) => text !== '')
const key = fc.record(
  {
    kind: fc.constantFrom(...KEY_KINDS.filter((kind) => kind !== 'none')),
    value: fc.stringMatching(/^[0-9]{1,6}$/),
    label: name,
    line: fc.constantFrom(1, 2, 12),
  },
  { requiredKeys: ['kind', 'value'] },
)
const keys = fc.uniqueArray(key, { maxLength: 3, selector: ({ kind, value }) => `${kind} ${value}` })
/** What somebody may have without a number too. */
const OWN = {
  name,
  email: fc.constantFrom('', 'a.b+c@example.com', "o'neil@example.com"),
  jobTitle: fc.option(name, { nil: '' }),
  language: fc.constantFrom('', 'de', 'en'),
  forwardBusy: fc.constantFrom('', '+4930123', '*97', 'null'),
  note: fc.constantFrom('', ' two\nlines\t', '=HYPERLINK("x")', "'quoted'", "'5", "''=", '-1'),
}
const person = fc.record({
  ...OWN,
  phone: fc.boolean(),
  position: fc.constantFrom(1, 2),
  model: fc.constantFrom('yealink/t21p-e2', 'snom/d120', 'yealink/t28p'),
  keys,
  locked: fc.boolean(),
  voicemailPin: fc.constantFrom('', '0042', '=1+1'),
  /** Places among the groups. */
  groups: fc.uniqueArray(fc.nat({ max: 3 }), { maxLength: 4 }),
  phoneName: fc.option(name, { nil: '' }),
  phoneState: fc.constantFrom('approved', 'pending', 'blocked'),
  phoneGroup: fc.constantFrom(undefined, 0, 1, 2, 3),
  lineLabel: fc.option(name, { nil: '' }),
  phoneKey: fc.option(
    fc.record({
      kind: fc.constantFrom('blf' as const, 'speed-dial' as const),
      value: fc.stringMatching(/^[0-9]{1,6}$/),
    }),
    { nil: undefined },
  ),
  phoneLanguage: fc.constantFrom('', 'de', 'en'),
  phoneRaw: fc.constantFrom('', 'null', '=1+1', "'0042", '1.10'),
  lineTransport: fc.constantFrom('', 'tcp', 'udp'),
})
const waiting = fc.record(OWN)
const group = fc.record({
  timezone: fc.constantFrom('', 'Europe/Berlin'),
  name: fc.oneof(name, fc.constantFrom('null', 'Sales, North', 'a\\')),
  keys,
})
const office = fc.record({
  people: fc.array(person, { minLength: 1, maxLength: 5 }),
  waiting: fc.uniqueArray(waiting, { maxLength: 3, selector: (one) => `${one.name.toLowerCase()} ${one.email}` }),
  groups: fc.uniqueArray(group, {
    minLength: 4,
    maxLength: 4,
    selector: (one) => one.name.replaceAll('\u00a0', ' ').toLowerCase(),
  }),
})
type Office = typeof office extends fc.Arbitrary<infer O> ? O : never

/** As somebody would type it. */
function fileOf({ people, waiting: others, groups }: Office): string {
  const columns = [
    'extension',
    'name',
    'email',
    'mac',
    'model',
    'line',
    'groups',
    'phoneName',
    'phoneState',
    'phoneGroup',
    'lineLabel',
    'phoneKey.linekey@1',
    'phone.language',
    'phone.raw.yealink.account.1.ptime',
    'line.transport',
    'group.timezone',
    'keysOfGroup',
    'key1',
    'key2',
    'key3',
  ]
  const settings = ['jobTitle', 'language', 'forwardBusy', 'imported.note', 'voicemailPin']
  const own = (one: Office['waiting'][number]): string[] => [one.jobTitle, one.language, one.forwardBusy, one.note]
  const keyCells = (some: Office['groups'][number]['keys'], locked = false): string[] =>
    [0, 1, 2].map((at) => (some[at] ? keyCell({ ...some[at], ...(locked ? { locked } : {}) }) : ''))
  const rows = [
    ...people.map((one, index) => [
      String(100 + index),
      one.name,
      one.email,
      one.phone ? `001565${index.toString(16).padStart(6, '0')}` : '',
      one.phone ? one.model : '',
      one.phone ? String(one.position) : '',
      groupsCell(one.groups.map((at) => groups[at]?.name ?? '')),
      ...(one.phone
        ? [
            one.phoneName,
            one.phoneState,
            one.phoneGroup === undefined ? '' : groupNameCell(groups[one.phoneGroup]?.name),
            one.lineLabel,
            // The model has no such keys.
            one.phoneKey && one.model !== 'yealink/t28p' && one.model !== 'snom/d120' ? keyCell(one.phoneKey) : '',
            one.phoneLanguage,
            one.phoneRaw,
            one.lineTransport,
          ]
        : Array<string>(8).fill('')),
      '',
      '',
      ...keyCells(one.keys, one.locked),
      ...own(one),
      one.voicemailPin,
    ]),
    ...others.map((one) => ['null', one.name, one.email, ...Array<string>(17).fill(''), ...own(one), '']),
    ...groups.map((one) => [
      ...Array<string>(15).fill(''),
      one.timezone,
      one.name,
      ...keyCells(one.keys),
      ...Array<string>(5).fill(''),
    ]),
  ]
  return csvText([[...columns, ...settings], ...rows])
}

/** Phones come first in a file, whoever is on them. */
function inOrder<T>(all: readonly T[], by: (one: T) => string): T[] {
  return [...all].sort((a, b) => (by(a) < by(b) ? -1 : 1))
}

/** What a file is to bring back: everything but ids, revisions and what was made for the first time. */
function told({ extensions, devices, unnumbered, places, settings }: Existing): object {
  const nameOf = new Map(places.groups.map((one) => [one.id, one.name]))
  const plain = (all: readonly object[]): object[] =>
    all.map((one) => Object.fromEntries(Object.entries(one).filter(([field]) => !['id', 'owner'].includes(field))))
  return {
    people: inOrder([...extensions.values()], (one) => one.number).map(
      ({ id, number, displayName, email, groups = [], keys: own }) => ({
        ...{ number, displayName, email, groups: groups.map((one) => nameOf.get(one)), keys: plain(own) },
        settings: [...settings(id).values].filter(([setting]) => !parts.isSecret(setting)).sort(),
      }),
    ),
    phones: inOrder([...devices.values()], (one) => one.mac).map(({ id, groupId, lines, keys: own, ...phone }) => ({
      ...{ mac: phone.mac, model: phone.model, name: phone.name, state: phone.state },
      group: nameOf.get(groupId ?? ''),
      lines: lines.map((line) => [line.position, line.label, [...settings(line.id, 'line').values]]),
      keys: plain(own),
      settings: [...settings(id, 'device').values].sort(),
    })),
    waiting: inOrder(
      unnumbered.map((one) => [one.displayName, one.email, [...one.settings].sort()] as const),
      (one) => JSON.stringify(one),
    ),
    groups: places.groups.map((one) => [one.name, plain(one.keys), [...settings(one.id, 'group').values]] as const),
  }
}

const NO_GROUPS: Existing = { ...NOTHING_THERE, places: { ...NOTHING_THERE.places, groups: [] } }

describe('an export that comes back', () => {
  test.each<[string, ExportOptions]>([
    ['all', { passwords: true }],
    ['all, without passwords', {}],
    ['all, with a byte order mark', { bom: true }],
    ['minimal', { scope: 'minimal' }],
    ['standard', { scope: 'standard', passwords: true }],
    ['full', { scope: 'full' }],
  ])(
    'changes nothing: phones with all of theirs, people with and without a number, groups with keys and settings (%s)',
    async (_what, options) => {
      await fc.assert(
        fc.asyncProperty(office, async (all) => {
          const existing = await after(fileOf(all), NO_GROUPS)
          const strategies = options.scope === undefined ? (['update', 'overwrite'] as const) : (['update'] as const)
          for (const strategy of strategies) {
            const again = await read(await exportedFrom(existing, parts, options), existing, { strategy })
            expect(again.obstacles).toEqual([])
            expect(again.planned.reports.filter(({ outcome }) => outcome !== 'same')).toEqual([])
            expect(planSize(again.planned.plan)).toBe(0)
            expect(outcomes(again).length).toBeGreaterThanOrEqual(all.people.length + all.waiting.length)
          }
        }),
        { numRuns: 40 },
      )
    },
    120_000,
  )

  test('makes the same people, phones, groups, keys and settings where there is nothing yet', async () => {
    await fc.assert(
      fc.asyncProperty(office, async (all) => {
        const existing = await after(fileOf(all), NO_GROUPS)
        const file = await exportedFrom(existing, parts, { passwords: true })
        const elsewhere = await after(file, NO_GROUPS)
        expect(told(elsewhere)).toEqual(told(existing))
        expect(await exportedFrom(elsewhere, parts, { passwords: true })).toBe(file)
      }),
      { numRuns: 60 },
    )
  }, 120_000)
})
