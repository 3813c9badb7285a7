import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { bankAllows, checkDeviceKeys, layOutKeys, whyNoPlace } from '../../src/catalog/key-bank.js'
import { NO_MODULES, withModules } from '../../src/catalog/key-modules.js'
import { KEY_KINDS, type KeyKind, type LineKey } from '../../src/domain/entities.js'
import { loadPhones, modelOf } from '../support/phone-catalog.js'

const { catalog } = loadPhones()
const t28p = withModules(modelOf(catalog, 'yealink/t28p'), NO_MODULES)
const t19p = modelOf(catalog, 'yealink/t19p-e2')
const t21p = modelOf(catalog, 'yealink/t21p-e2')

function personKey(kind: KeyKind, more: Partial<LineKey> = {}): LineKey {
  return { id: 'k', owner: { kind: 'extension', id: 'e' }, position: 1, kind, ...more }
}

function deviceKey(bank: string, position: number, kind: KeyKind, more: Partial<LineKey> = {}): LineKey {
  return { id: 'k', owner: { kind: 'device', id: 'd' }, bank, position, kind, ...more }
}

const blfs = (count: number): LineKey[] =>
  Array.from({ length: count }, (_, index) => personKey('blf', { id: `k${index}`, value: String(200 + index) }))

describe('laying a person’s keys onto a phone', () => {
  test('a T28P has 15 places beside its line key: five with a label, ten without', () => {
    const { banks, overflow } = layOutKeys(t28p, [1], blfs(16), [])
    expect(banks.linekey?.map(({ kind }) => kind)).toEqual(['line', 'blf', 'blf', 'blf', 'blf', 'blf'])
    expect(banks.memorykey?.every(({ kind }) => kind === 'blf')).toBe(true)
    expect(overflow.map(({ value }) => value)).toEqual(['215'])
  })

  test('a T19P takes no BLF; speed dials go onto the soft keys', () => {
    const keys = [personKey('blf', { value: '102' }), personKey('speed-dial', { value: '102' })]
    const { banks, overflow } = layOutKeys(t19p, [1], keys, [])
    expect(banks.softkey?.[0]).toMatchObject({ kind: 'speed-dial', value: '102', index: 1 })
    expect(banks.programablekey?.every(({ kind }) => kind === 'none')).toBe(true)
    expect(overflow.map(({ kind }) => kind)).toEqual(['blf'])
  })

  test('soft keys with a factory purpose are never taken by themselves', () => {
    const { banks, overflow } = layOutKeys(t21p, [1, 2], [personKey('speed-dial', { value: '1' })], [])
    expect(banks.linekey?.map(({ kind, line }) => [kind, line])).toEqual([
      ['line', 1],
      ['line', 2],
    ])
    expect(banks.softkey?.every(({ kind }) => kind === 'none')).toBe(true)
    expect(overflow).toHaveLength(1)
  })

  test('the phone’s own keys keep their place, and a line is not given twice', () => {
    const own = [deviceKey('linekey', 1, 'blf', { value: '300' }), deviceKey('linekey', 3, 'line', { line: 1 })]
    const { banks } = layOutKeys(t28p, [1], blfs(1), own)
    expect(banks.linekey?.slice(0, 4).map(({ kind, value }) => [kind, value])).toEqual([
      ['blf', '300'],
      ['blf', '200'],
      ['line', undefined],
      ['none', undefined],
    ])
  })

  test('a key on an account that this phone lacks finds no place', () => {
    const { overflow } = layOutKeys(t21p, [1], [personKey('blf', { value: '102', line: 3 })], [])
    expect(overflow).toHaveLength(1)
  })

  test('indexes that the hardware lacks are left out', () => {
    const { banks } = layOutKeys(t21p, [1], [], [])
    expect(banks.programablekey?.map(({ index }) => index)).toEqual([5, 6, 7, 8, 9, 10, 14])
  })

  test('for any keys on any model: none is lost, none is doubled, each is where it can be', () => {
    const kinds = fc.constantFrom(...KEY_KINDS.filter((kind) => kind !== 'none'))
    const keys = fc
      .array(fc.record({ kind: kinds, line: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }) }), {
        maxLength: 40,
      })
      .map((list) =>
        list.map(({ kind, line }, index) =>
          personKey(kind, { id: `k${index}`, value: `v${index}`, ...(line === undefined ? {} : { line }) }),
        ),
      )
    fc.assert(
      fc.property(fc.constantFrom(...catalog.models()), keys, (model, given) => {
        const { banks, overflow } = layOutKeys(model, [1], given, [])
        const placed = Object.values(banks).flat()
        const values = [...placed.map(({ value }) => value), ...overflow.map(({ value }) => value)].filter(Boolean)
        expect(values.sort()).toEqual(given.map(({ value }) => value).sort())
        for (const key of placed) {
          const bank = model.keys[key.bank]
          expect(bank && bankAllows(bank, key.kind)).toBe(true)
          expect(key.line ?? 1).toBeLessThanOrEqual(model.lines)
          if (key.value !== undefined) expect(bank?.auto).toBe(true)
        }
      }),
    )
  })
})

describe('keys of a phone’s group', () => {
  const groupKey = (value: string, more: Partial<LineKey> = {}): LineKey =>
    personKey('blf', { id: `g${value}`, owner: { kind: 'group', id: 'g' }, value, ...more })

  test('take the places that the person’s leave, so that a longer template moves nobody’s keys', () => {
    const without = layOutKeys(t28p, [1], blfs(3), [])
    const { banks, overflow } = layOutKeys(t28p, [1], blfs(3), [], [groupKey('300'), groupKey('301')])
    expect(banks.linekey?.slice(0, 4)).toEqual(without.banks.linekey?.slice(0, 4))
    expect(banks.linekey?.slice(4).map(({ value, from }) => [value, from?.owner.kind])).toEqual([
      ['300', 'group'],
      ['301', 'group'],
    ])
    expect(overflow).toEqual([])
  })

  test('are laid once when the person or the phone has the same, and told', () => {
    const own = deviceKey('linekey', 6, 'blf', { value: '301' })
    const given = [groupKey('200', { label: 'Other words', line: 1 }), groupKey('301'), groupKey('302', { line: 2 })]
    const { banks, overflow, repeated } = layOutKeys(t28p, [1], blfs(1), [own], given)
    expect(repeated.map(({ value }) => value)).toEqual(['200', '301'])
    expect([...(banks.linekey ?? [])].filter(({ value }) => value === '301')).toHaveLength(1)
    expect(overflow).toEqual([])
  })

  test('for any keys of all three owners on any model: each lands once, is left out, or is there already', () => {
    const keys = (owner: LineKey['owner']['kind']): fc.Arbitrary<LineKey[]> =>
      fc
        .array(fc.record({ kind: fc.constantFrom(...KEY_KINDS), value: fc.integer({ min: 1, max: 12 }) }), {
          maxLength: 30,
        })
        .map((list) =>
          list.map(({ kind, value }, index) => ({
            ...personKey(kind, { id: `${owner}${index}`, owner: { kind: owner, id: owner }, value: String(value) }),
            ...(owner === 'device' ? { bank: 'linekey', position: 1 + (index % 8) } : {}),
          })),
        )
    fc.assert(
      fc.property(
        fc.constantFrom(...catalog.models()),
        keys('extension'),
        keys('device'),
        keys('group'),
        (model, persons, devices, groups) => {
          const { banks, overflow, repeated } = layOutKeys(model, [1], persons, devices, groups)
          const placed = Object.values(banks).flatMap((all) => all.flatMap(({ from }) => from?.id ?? []))
          const found = [...placed, ...overflow.map(({ id }) => id), ...repeated.map(({ id }) => id)].sort()
          // A key of kind `none` on a person or group stands for nothing; on a phone it keeps its place free.
          const wanted = [...persons, ...groups].filter(({ id, kind }) => kind !== 'none' || found.includes(id))
          const wantedIds = [...wanted, ...devices].map(({ id }) => id).sort()
          expect(found.filter((id) => wantedIds.includes(id))).toEqual(wantedIds.filter((id) => found.includes(id)))
          expect(new Set(found).size).toBe(found.length)
          for (const { id, kind } of [...persons, ...devices, ...groups]) {
            if (kind !== 'none') expect(found).toContain(id)
          }
        },
      ),
    )
  })
})

test('why a key found no place is told: no such line, nothing that can do it, nothing left', () => {
  expect(whyNoPlace(t21p, personKey('blf', { line: 3 }))).toBe('line')
  expect(whyNoPlace(t19p, personKey('blf'))).toBe('kind')
  expect(whyNoPlace(t21p, personKey('blf'))).toBe('full')
})

test('a stored key on a bank that no phone has is left over and harms no other key', () => {
  const lost = [deviceKey('constructor', 1, 'none'), deviceKey('__proto__', 1, 'blf', { value: '102' })]
  const { banks, overflow } = layOutKeys(t21p, [1], [], lost)
  expect(overflow).toEqual(lost)
  expect(banks.linekey?.[0]?.kind).toBe('line')
})

describe('what is refused when saving', () => {
  const messages = (...keys: LineKey[]): string[] => checkDeviceKeys(t21p, keys).map(({ message }) => message)

  test('a good key is taken', () => {
    expect(messages(deviceKey('linekey', 2, 'blf', { value: '102', label: 'Bob', line: 1 }))).toEqual([])
  })

  test.each<[string, LineKey, RegExp]>([
    ['an unknown bank', deviceKey('memorykey', 1, 'blf', { value: '1' }), /no key bank "memorykey"; it has linekey/],
    ['a bank named as a thing of JavaScript', deviceKey('constructor', 1, 'none'), /no key bank "constructor"/],
    ['a bank named as its root', deviceKey('__proto__', 1, 'none'), /no key bank "__proto__"/],
    ['a place that is too high', deviceKey('linekey', 3, 'blf', { value: '1' }), /places 1 to 2/],
    ['a place that the hardware lacks', deviceKey('programablekey', 7, 'dnd'), /lacks the key/],
    [
      'a kind that the bank cannot be',
      deviceKey('softkey', 1, 'blf', { value: '1' }),
      /cannot be blf; it can be speed-dial/,
    ],
    ['a line that the phone lacks', deviceKey('linekey', 1, 'line', { line: 3 }), /lines 1 to 2/],
    ['a label of 65 characters', deviceKey('linekey', 1, 'dnd', { label: '😀'.repeat(65) }), /longer than 64/],
  ])('%s', (_what, key, message) => {
    expect(messages(key).join('\n')).toMatch(message)
  })
})
