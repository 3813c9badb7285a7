import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseCsv } from '../../src/bulk/csv.js'
import { exportCsv } from '../../src/bulk/export.js'
import { planImport, type Existing, type ImportPlan } from '../../src/bulk/plan.js'
import { KEY_KINDS } from '../../src/domain/entities.js'
import { createKeyRing, createSecretBox } from '../../src/secrets/seal.js'
import type { DeviceRecord, ExtensionRecord } from '../../src/snapshot/snapshot.js'
import { FakeClock } from '../support/fake-clock.js'
import { seededRandom } from '../support/seeded-random.js'

const random = seededRandom()
const secrets = createSecretBox(createKeyRing([{ id: 'k1', key: random.bytes(32) }]), random)
const MODELS: Record<string, number> = { 'yealink/t21p-e2': 2, 'snom/d120': 2, 'yealink/t28p': 6 }
const parts = {
  secrets,
  clock: new FakeClock(),
  random,
  siteId: 'site',
  models: (id: string) => {
    const accounts = MODELS[id]
    return accounts === undefined
      ? undefined
      : { accounts, adminPassword: { alphabet: 'abcdefghij', length: 12 }, checkKeys: () => [] }
  },
}
const NOTHING: Existing = { extensions: new Map(), devices: new Map() }

function plan(csv: string, existing = NOTHING): ImportPlan {
  const { rows, problems } = parseCsv(csv)
  expect(problems).toEqual([])
  return planImport(rows, existing, parts)
}

/** What there is after a plan on an empty installation. */
function after({ plan: { createExtensions, createDevices } }: ImportPlan): Existing {
  return {
    extensions: new Map(createExtensions.map((one) => [one.number as string, one])),
    devices: new Map(createDevices.map((one) => [one.mac, one])),
  }
}

function exported({ extensions, devices }: Existing): string {
  const numberOf = (id: string): string => [...extensions.values()].find((one) => one.id === id)?.number ?? ''
  const phones = [...devices.values()].map((device: DeviceRecord) => ({
    mac: device.mac,
    model: device.model,
    lines: device.lines.map(({ position, extensionId }) => ({ position, extension: numberOf(extensionId) })),
  }))
  const people = [...extensions.values()].map((one: ExtensionRecord) => ({
    ...one,
    password: secrets.open(one.sealedPassword, `extensions:sealed_password:${one.id}`).reveal(),
  }))
  return exportCsv(people, phones)
}

describe('planning an import', () => {
  test('rows of the same MAC are the lines of that phone, each with its own credentials', () => {
    const { plan: made } = plan(
      'mac,model,extension,name\n001565aabbcc,yealink/t21p-e2,101,Anna\n00:15:65:AA:BB:CC,,102,Bob\n,,103,Carla\n',
    )
    expect(made.createExtensions.map(({ number, displayName }) => [number, displayName])).toEqual([
      ['101', 'Anna'],
      ['102', 'Bob'],
      ['103', 'Carla'],
    ])
    expect(made.createDevices).toHaveLength(1)
    const lines = made.createDevices[0]?.lines ?? []
    expect(lines.map(({ position }) => position)).toEqual([1, 2])
    expect(new Set(lines.map(({ sealedPassword }) => sealedPassword)).size).toBe(2)
  })

  test('a weak password is a warning, not an error', () => {
    const { problems } = plan('extension,password\n101,1234\n')
    expect(problems.map(({ severity, column }) => [severity, column])).toEqual([['warning', 'password']])
  })

  test.each([
    ['a model nobody knows', 'mac,model,extension\n001565aabbcc,yealink/t99,101\n', 'model'],
    ['a new phone without a model', 'mac,extension\n001565aabbcc,101\n', 'model'],
    [
      'more lines than the phone has',
      'mac,model,extension\n001565aabbcc,snom/d120,1\n001565aabbcc,,2\n001565aabbcc,,3\n',
      'extension',
    ],
    ['two names for one extension', 'extension,name\n101,Anna\n101,Bob\n', 'name'],
    [
      'two models for one phone',
      'mac,model,extension\n001565aabbcc,snom/d120,1\n001565aabbcc,yealink/t28p,2\n',
      'model',
    ],
  ])('%s is refused with its column', (_what, csv, column) => {
    expect(plan(csv).problems.map((problem) => problem.column)).toEqual([column])
  })

  test('a line that stays keeps its password, so that its phone stays registered', () => {
    const before = after(plan('mac,model,extension\n001565aabbcc,yealink/t28p,101\n001565aabbcc,,102\n'))
    const { plan: made, counts } = plan('mac,extension\n001565aabbcc,101\n001565aabbcc,103\n', before)
    expect(counts.phones).toEqual({ added: 0, changed: 1, unchanged: 0 })
    const [first, second] = made.updateDevices[0]?.lines ?? []
    const [oldFirst, oldSecond] = [...before.devices.values()][0]?.lines ?? []
    expect(first).toEqual(oldFirst)
    expect(second?.sealedPassword).not.toBe(oldSecond?.sealedPassword)
  })

  test('a removed phone that comes back starts afresh', () => {
    const before = after(plan('mac,model,extension\n001565aabbcc,yealink/t28p,101\n'))
    const retired = new Map(
      [...before.devices].map(([mac, one]) => [mac, { ...one, state: 'retired' as const, lines: [] }]),
    )
    const { plan: made } = plan('mac,model,extension\n001565aabbcc,yealink/t28p,101\n', { ...before, devices: retired })
    expect(made.purgeDevices).toHaveLength(1)
    expect(made.createDevices).toHaveLength(1)
  })

  test('importing an export changes nothing', () => {
    const name = fc
      .string({ unit: fc.constantFrom(...'aZ9 ö,;"|\'=+-@:Ж😀'), minLength: 1, maxLength: 12 })
      .filter((text) => text.trim() !== '')
    const key = fc.record(
      {
        kind: fc.constantFrom(...KEY_KINDS.filter((kind) => kind !== 'none')),
        value: fc.stringMatching(/^[0-9]{1,6}$/),
        label: name.map((text) => text.trim()).filter((text) => text !== ''),
      },
      { requiredKeys: ['kind', 'value'] },
    )
    const person = fc.record({
      name,
      phone: fc.boolean(),
      position: fc.constantFrom(1, 2),
      model: fc.constantFrom(...Object.keys(MODELS)),
      keys: fc.array(key, { maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(person, { maxLength: 6 }), (people) => {
        const rows = people.map((one, index) => ({
          row: index + 2,
          extension: String(100 + index) as never,
          name: one.name.trim(),
          keys: one.keys,
          ...(one.phone
            ? { mac: `001565${index.toString(16).padStart(6, '0')}` as never, model: one.model, line: one.position }
            : {}),
        }))
        const existing = after(planImport(rows, NOTHING, parts))
        const again = plan(exported(existing), existing)
        expect(again.problems.filter(({ severity }) => severity !== 'warning')).toEqual([])
        expect(Object.values(again.plan).flat()).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})
