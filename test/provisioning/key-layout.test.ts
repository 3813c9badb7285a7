import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { layOutKeys, shownLabel, type PlacedKey } from '../../src/catalog/key-bank.js'
import { moduleOf, withModules } from '../../src/catalog/key-modules.js'
import type { PhoneModel } from '../../src/catalog/manifest.js'
import type { KeyKind, LineKey } from '../../src/domain/entities.js'
import { parseGiven, renderExample } from '../../src/provisioning/example.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { READERS, type ReaderName } from '../../src/readers/index.js'
import { keysOf, type PhoneVendor } from '../../src/readers/phone-account.js'
import { loadPhones } from '../support/phone-catalog.js'

const phones = loadPhones()
const parts = { ...phones, render: createRenderer(phones.catalog, READERS) }

interface Content {
  kind: KeyKind
  value: string
  label?: string
}

const NAMES: Record<string, string> = { '201': 'Anna Berg', '202': 'Bob Dahl' }

/** Keys with distinct values, as somebody might set them. */
const contents: fc.Arbitrary<Content[]> = fc
  .uniqueArray(fc.integer({ min: 200, max: 240 }), { maxLength: 24 })
  .chain((values) =>
    fc.tuple(
      ...values.map((value) =>
        fc.record({
          kind: fc.constantFrom<KeyKind>('blf', 'blf', 'speed-dial', 'intercom'),
          value: fc.constant(String(value)),
          label: fc.constantFrom('Reception', 'Größe', `Label ${value}`),
        }),
      ),
    ),
  )

function lineKeys(kind: LineKey['owner']['kind'], list: readonly Content[]): LineKey[] {
  return list.map((one, index) => ({ ...one, id: `${kind}${index}`, owner: { kind, id: kind }, position: index + 1 }))
}

/** Bank and number of a key as the vendor's file has them. */
function vendorPlace({ model, keys }: PhoneModel, { bank, index, position }: PlacedKey): string {
  const rules = keys[bank]?.module
  if (bank === 'expansion' && rules) {
    const { module, key } = moduleOf(rules, position)
    return `expansion_module.${module} ${key}`
  }
  if (bank === 'uxm') return `fkey ${index}`
  if (model.startsWith('yealink/')) return `${bank === 'softkey' ? 'programablekey' : bank} ${index}`
  return `${bank === 'line' ? 'vpk' : bank} ${index}`
}

/** What a phone would understand of the file it gets. */
function keysRead(
  model: PhoneModel,
  persons: Content[],
  groups: Content[],
  modules: number,
): { place: string; value: string; label: string }[] {
  const people = Object.entries(NAMES).map(([number, name]) => ({ number, name }))
  const given = parseGiven(
    {
      people: [{ number: '101', name: 'Owner', keys: persons }, ...people],
      lines: [{ extension: '101' }],
      groupKeys: groups,
      settings: { keyModules: modules },
    },
    'test',
  )
  const device = phones.catalog.files(model.model).find(({ secrets }) => secrets)
  for (const [name, body] of renderExample(parts, model, given)) {
    if (!device || !/00?1565aabbcc/i.test(name) || /firmware/.test(name)) continue
    const read = READERS[device.reader as ReaderName](body)
    if (!read.ok) throw new Error(read.reason)
    const { entries } = read
    return keysOf(model.vendor.toLowerCase() as PhoneVendor, entries).map(({ bank, position, value, label }) => ({
      place: `${bank} ${position}`,
      value,
      label,
    }))
  }
  throw new Error(`no file of ${model.model}`)
}

describe.each(phones.catalog.models().map((model) => [model.model, model] as const))('%s', (_id, model) => {
  test('the file holds each key just where the layout says, and none that it left out', () => {
    fc.assert(
      fc.property(contents, contents, fc.integer({ min: 0, max: 2 }), (persons, groups, modules) => {
        const equipped = withModules(model, { number: modules })
        const layout = layOutKeys(equipped, [1], lineKeys('extension', persons), [], lineKeys('group', groups))
        const placed = Object.values(layout.banks)
          .flat()
          .filter(({ value }) => value !== undefined)
        const wanted = placed.map((key) => ({
          place: vendorPlace(model, key),
          value: key.value ?? '',
          label: shownLabel(key, 'Owner', NAMES[key.value ?? ''], model.keys[key.bank]?.labelMax) ?? '',
        }))
        // A Snom watches `sip:201@domain`.
        const read = keysRead(model, persons, groups, modules).flatMap((key) => {
          const value = /^(?:sip:)?(2\d\d)(?:@|$)/.exec(key.value)?.[1]
          return value === undefined ? [] : [{ ...key, value }]
        })
        const byPlace = (a: { place: string }, b: { place: string }): number => (a.place < b.place ? -1 : 1)
        expect(read.sort(byPlace)).toEqual(wanted.sort(byPlace))
        expect(placed.length + layout.overflow.length + layout.repeated.length).toBe(persons.length + groups.length)
      }),
      { numRuns: 6 },
    )
  })
})
