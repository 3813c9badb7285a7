import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { buildName, lookupKey, readName } from '../../src/catalog/file-pattern.js'
import { parseMac, type Mac } from '../../src/domain/mac-address.js'
import { loadPhones } from '../support/phone-catalog.js'

const { catalog } = loadPhones()
const macs = fc
  .integer({ min: 1, max: 2 ** 40 - 1 })
  .map((low) => parseMac(`00${low.toString(16).padStart(10, '0')}`))
  .filter((mac): mac is Mac => mac !== undefined)
const anyCase = fc.constantFrom(
  (text: string) => text,
  (text: string) => text.toUpperCase(),
  (text: string) => text.toLowerCase(),
)

describe('file names', () => {
  test.each([
    ['{mac}.cfg', '001565aabbcc.cfg'],
    ['{MAC}.xml', '001565AABBCC.xml'],
    ['y{hardware:12}.cfg', 'y000000000052.cfg'],
    ['{model}-{mac}.htm', 'T21P_E2-001565aabbcc.htm'],
    ['{model:lower}.htm', 't21p_e2.htm'],
    ['fixed.xml', 'fixed.xml'],
  ])('%s is built as %s', (pattern, name) => {
    const mac = parseMac('00:15:65:aa:bb:cc')
    expect(buildName(pattern, { model: 'T21P_E2', hardware: 52, ...(mac ? { mac } : {}) })).toBe(name)
  })

  test('a place without a value, or that does not exist, gives no name', () => {
    expect(buildName('y{hardware:12}.cfg', { model: 'X' })).toBeUndefined()
    expect(buildName('{mac}.cfg', { model: 'X' })).toBeUndefined()
    expect(buildName('{serial}.cfg', { model: 'X' })).toBeUndefined()
    expect(lookupKey('y{hardware:12}.cfg', { model: 'X' })).toBeUndefined()
  })

  test('12 hex digits are read as a MAC only when no hex digit stands beside them', () => {
    expect(readName('001565AABBCC.cfg')).toEqual([
      { key: '001565aabbcc.cfg' },
      { key: '{mac}.cfg', mac: '001565aabbcc' },
    ])
    expect(readName('001565aabbcc0.cfg')).toEqual([{ key: '001565aabbcc0.cfg' }])
    expect(readName('y000000000052.cfg').map(({ key }) => key)).toEqual(['y000000000052.cfg', 'y{mac}.cfg'])
  })

  test('the name built for any phone of any model is found again, in any case, as that file', () => {
    fc.assert(
      fc.property(fc.constantFrom(...catalog.models()), macs, anyCase, (model, mac, spell) => {
        for (const file of catalog.files(model.model)) {
          const { hardware } = model.match
          const name = buildName(file.path, {
            model: model.match.model,
            mac,
            ...(hardware === undefined ? {} : { hardware }),
          })
          if (name === undefined) continue
          const found = catalog.findFile(spell(name)).filter((match) => match.model.model === model.model)
          expect(found.map((match) => match.file.key)).toEqual([file.key])
          const inName = /\{mac\}/i.test(file.path) ? mac : undefined
          expect(found[0]?.mac).toBe(inName)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('any name either is unknown or belongs to a file of the catalogue', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `${text}.cfg`),
        ),
        (name) => {
          for (const { model, file } of catalog.findFile(name)) {
            expect(catalog.files(model.model).map(({ key }) => key)).toContain(file.key)
          }
        },
      ),
    )
  })

  test.each(['constructor', '__proto__', 'toString', ''])('"%s" is no file', (name) => {
    expect(catalog.findFile(name)).toEqual([])
  })
})
