import { describe, expect, test } from '@jest/globals'
import type { PhoneModel } from '../../src/catalog/manifest.js'
import { moduleRules } from '../../src/catalog/key-modules.js'
import { keySheet, sheetWithModules } from '../../src/catalog/key-sheet.js'
import type { KeyKind } from '../../src/domain/entities.js'
import { TAKE_NO_VALUE } from '../../src/extensions/key-kinds.js'
import { parseGiven, renderExample } from '../../src/provisioning/example.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { READERS, type Entry, type ReaderName } from '../../src/readers/index.js'
import { keysOf, type PhoneVendor } from '../../src/readers/phone-account.js'
import { loadPhones, modelOf } from '../support/phone-catalog.js'

const phones = loadPhones()
const parts = { ...phones, render: createRenderer(phones.catalog, READERS) }

interface OwnKey {
  bank: string
  position: number
  kind: KeyKind
  value?: string
}

/** Entries of the phone's own file, which the vendor's reader takes. */
function entriesOf(model: PhoneModel, keys: OwnKey[], settings = {}): readonly Entry[] {
  const people = [{ number: '101', name: 'Owner' }]
  const given = parseGiven({ people, lines: [{ extension: '101' }], keys, settings }, 'test')
  const device = phones.catalog.files(model.model).find(({ secrets }) => secrets)
  for (const [name, body] of renderExample(parts, model, given)) {
    if (!device || !/00?1565aabbcc/i.test(name) || /firmware/.test(name)) continue
    const read = READERS[device.reader as ReaderName](body)
    if (!read.ok) throw new Error(read.reason)
    return read.entries
  }
  throw new Error(`no file of ${model.model}`)
}

/** Each kind that a bank can be, at a place of its own; several phones' worth when there are more kinds than keys. */
function keysOfEachKind(model: PhoneModel, bank: string): OwnKey[][] {
  const full = sheetWithModules(keySheet(model), { number: moduleRules(model)?.max ?? 0 })
  const places = full.front.blocks.flatMap((block) => block.places.filter((place) => place.bank === bank))
  const kinds = model.keys[bank]?.kinds ?? []
  const sets: OwnKey[][] = []
  kinds.forEach((kind, index) => {
    const set = Math.floor(index / places.length)
    const position = places[index % places.length]?.position ?? 0
    const value = TAKE_NO_VALUE.has(kind) ? {} : { value: kind === 'url' ? 'http://192.0.2.9/x' : '199' }
    ;(sets[set] ??= []).push({ bank, position, kind, ...value })
  })
  return sets
}

const FACTORY: readonly KeyKind[] = ['forward', 'redial']

const CASES = phones.catalog
  .models()
  .flatMap((model) => Object.keys(model.keys).map((bank) => [model.model, bank, model] as const))

describe('every kind in every block of every phone', () => {
  test.each(CASES)('%s %s: is written, and read back as a key that does something', (_id, bank, model) => {
    for (const keys of keysOfEachKind(model, bank)) {
      const found = keysOf(model.vendor.toLowerCase() as PhoneVendor, entriesOf(model, keys))
      const empty = keysOf(model.vendor.toLowerCase() as PhoneVendor, entriesOf(model, []))
      const place = (key: { bank: string; position: number }): string => `${key.bank} ${key.position}`
      const fresh = found.filter((key) => !empty.some((old) => JSON.stringify(old) === JSON.stringify(key)))
      // A line key where the phone has its own, and a soft key with its factory purpose, are the same keys.
      const same = keys.filter(({ kind }) => kind === 'line' || (bank === 'softkey' && FACTORY.includes(kind))).length
      expect(found.length).toBeGreaterThanOrEqual(keys.length)
      expect(new Set(fresh.map(place)).size).toBeGreaterThanOrEqual(keys.length - same)
      for (const { code } of fresh) expect(code).not.toBe('')
    }
  })
})

describe('a forward key without a target lets the phone ask for one', () => {
  test.each([
    ['yealink/t28p', 'linekey', '2', '', 1],
    // A D120 has one among its soft keys as well.
    ['snom/d120', 'fkey', 'keyevent', 'F_REDIRECT', 2],
    ['snom/d785', 'fkey', 'keyevent', 'F_REDIRECT', 1],
    ['grandstream/grp2614', 'mpk', 'Forward', '', 1],
  ])('%s', (id, bank, code, value, count) => {
    const model = modelOf(phones.catalog, id)
    const keys = keysOf(
      model.vendor.toLowerCase() as PhoneVendor,
      entriesOf(model, [{ bank, position: 2, kind: 'forward' }]),
    )
    expect(keys.filter((key) => key.code === code && key.value === value)).toHaveLength(count)
  })
})

/** What one key of the phone itself makes of the keys it has without it. */
function keyWritten(id: string, key: OwnKey, settings = {}): { code: string; value: string }[] {
  const model = modelOf(phones.catalog, id)
  const vendor = model.vendor.toLowerCase() as PhoneVendor
  const without = keysOf(vendor, entriesOf(model, [], settings)).map((one) => JSON.stringify(one))
  return keysOf(vendor, entriesOf(model, [key], settings))
    .filter((one) => !without.includes(JSON.stringify(one)))
    .map(({ code, value }) => ({ code, value }))
}

describe('a phonebook key opens the site’s phonebook', () => {
  const own = 'http://192.0.2.5:8080/0123456789abcdefghjkmnpqrstvwxyz/phonebook.xml'
  test.each([
    ['yealink/t28p', 'linekey', '47', ''],
    ['yealink/t28p', 'programablekey', '29', ''],
    ['yealink/t21p-e2', 'linekey', '61', ''],
    ['yealink/t19p-e2', 'softkey', '61', ''],
    ['snom/d120', 'fkey', 'url', own],
    ['snom/d785', 'uxm', 'url', own],
  ])('%s %s', (id, bank, code, value) => {
    expect(keyWritten(id, { bank, position: 2, kind: 'phonebook' })).toEqual([{ code, value }])
  })

  test('on Snom the phone’s own address book, where the site’s is switched off', () => {
    const key = { bank: 'fkey', position: 2, kind: 'phonebook' } as const
    expect(keyWritten('snom/d120', key, { phonebook: false })).toEqual([{ code: 'keyevent', value: 'F_ADR_BOOK' }])
  })

  test('no Grandstream phone is offered one: no mode for it is known', () => {
    const able = CASES.filter(([, bank, model]) => model.keys[bank]?.kinds.includes('phonebook'))
    expect(new Set(able.map(([, , { family }]) => family))).toEqual(new Set(['yealink', 'snom']))
  })
})

describe('agents log in, and people join groups, by the feature code of the switchboard', () => {
  test.each(['agent', 'group-login'] as const)('%s: on every bank with lamps and on every one that dials', (kind) => {
    for (const [id, bank, model] of CASES) {
      const kinds = model.keys[bank]?.kinds ?? []
      const dials = kinds.includes('blf') || kinds.includes('speed-dial')
      expect([id, bank, kinds.includes(kind)]).toEqual([id, bank, dials])
    }
  })

  test.each<[string, string, KeyKind]>([
    ['yealink/t28p', 'memorykey', 'blf'],
    ['yealink/t19p-e2', 'softkey', 'speed-dial'],
    ['snom/d785', 'fkey', 'blf'],
    ['snom/d120', 'softkey', 'speed-dial'],
    ['grandstream/gxp1610', 'line', 'speed-dial'],
    ['grandstream/gxp2135', 'line', 'blf'],
    ['grandstream/gxp2130', 'mpk', 'blf'],
    ['grandstream/grp2614', 'mpk', 'blf'],
  ])('%s %s: with a lamp where the key has one (as %s)', (id, bank, like) => {
    const written = (kind: KeyKind) => keyWritten(id, { bank, position: 2, kind, value: '*28201' })
    expect(written('agent')).toEqual(written(like))
    expect(written('group-login')).toEqual(written(like))
    expect(written('agent')).toHaveLength(1)
  })
})

/** What switchboards take as feature codes: record, record all, greeting, log in as agent, night mode, lunch. */
const CODES = ['*3', '*26', '*57', '*28201', '*81', '#902']

describe('feature codes of a PBX are keys', () => {
  const taking = (kind: KeyKind) => CASES.filter(([, bank, model]) => model.keys[bank]?.kinds.includes(kind))
  /** Snom watches an address. */
  const numberIn = (value: string): string => /^sip:(.*)@/.exec(value)?.[1] ?? value
  const codesOn = (model: PhoneModel, bank: string, kind: KeyKind): string[] => {
    const places = keySheet(model).front.blocks.flatMap((block) => block.places.filter((place) => place.bank === bank))
    const room = sheetWithModules(keySheet(model), { number: moduleRules(model)?.max ?? 0 })
    const all = places.length > 0 ? places : room.front.blocks.flatMap((block) => block.places)
    const ofBank = all.filter((place) => place.bank === bank)
    // The first key of a module may turn its page.
    const own = ofBank.slice(ofBank.length > CODES.length ? 1 : 0).slice(0, CODES.length)
    const keys = own.map(({ position }, index) => ({ bank, position, kind, value: CODES[index] ?? '' }))
    const found = keysOf(model.vendor.toLowerCase() as PhoneVendor, entriesOf(model, keys)).map(({ value }) =>
      numberIn(value),
    )
    expect(own.length).toBeGreaterThan(0)
    return CODES.slice(0, own.length).filter((code) => !found.includes(code))
  }

  test.each(taking('speed-dial'))('%s %s: dialled as they are', (_id, bank, model) => {
    expect(codesOn(model, bank, 'speed-dial')).toEqual([])
  })

  test.each(taking('blf'))('%s %s: with a lamp', (_id, bank, model) => {
    expect(codesOn(model, bank, 'blf')).toEqual([])
  })

  test('every model has a key that dials one', () => {
    const models = new Set(taking('speed-dial').map(([id]) => id))
    expect(phones.catalog.models().filter(({ model }) => !models.has(model))).toEqual([])
  })
})
