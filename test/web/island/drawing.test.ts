import { describe, expect, test } from '@jest/globals'
import { NO_MODULES } from '../../../src/catalog/key-modules.js'
import { keySheet, sheetWithModules } from '../../../src/catalog/key-sheet.js'
import { drawFront, pagesOf, type Rect } from '../../../src/web/island/drawing.js'
import { kindsFor, layOut, placeById, placesFor } from '../../../src/web/island/placed.js'
import { loadPhones, modelOf } from '../../support/phone-catalog.js'

const { catalog } = loadPhones()
const sheetOf = (id: string): ReturnType<typeof keySheet> => keySheet(modelOf(catalog, id))

function overlap(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

describe.each(catalog.models().map(({ model }) => [model, keySheet(modelOf(catalog, model))] as const))(
  'the drawing of %s',
  (_id, sheet) => {
    test('shows every key on one of its pages, inside the picture, and no two in one place', () => {
      const seen: string[] = []
      const pages = Math.max(1, ...sheet.front.blocks.map(pagesOf))
      for (let page = 0; page < pages; page += 1) {
        const drawing = drawFront(sheet, Object.fromEntries(sheet.front.blocks.map(({ name }) => [name, page])))
        for (const [index, key] of drawing.keys.entries()) {
          seen.push(`${key.bank} ${key.position}`)
          expect(key.x >= 0 && key.y >= 0 && key.w > 0 && key.h > 0).toBe(true)
          expect(key.x + key.w <= drawing.width && key.y + key.h <= drawing.height).toBe(true)
          expect(drawing.keys.slice(0, index).filter((other) => overlap(key, other))).toEqual([])
          expect(overlap(key, drawing.screen)).toBe(false)
          expect(drawing.digits.some((digit) => overlap(key, digit))).toBe(false)
        }
      }
      const all = sheet.front.blocks.flatMap(({ places }) => places.map(({ bank, position }) => `${bank} ${position}`))
      expect(seen.sort()).toEqual(all.sort())
    })
  },
)

describe('what can be chosen', () => {
  test('a person on a T19P can watch nobody; a phone’s own keys only where the place can be it', () => {
    expect(kindsFor('extension', sheetOf('yealink/t19p-e2'), undefined)).not.toContain('blf')
    expect(kindsFor('extension', sheetOf('yealink/t21p-e2'), undefined)[0]).toBe('blf')
    const t28p = sheetWithModules(sheetOf('yealink/t28p'), NO_MODULES)
    expect(kindsFor('device', t28p, { bank: 'softkey', position: 1 })).not.toContain('blf')
    expect(kindsFor('device', t28p, { bank: 'memorykey', position: 1 })).not.toContain('line')
    expect(placesFor(t28p, 'blf')).toHaveLength(16)
    expect(placesFor(t28p, 'hold').at(-1)).toEqual({ bank: 'programablekey', position: 10 })
  })

  test('keys land where a phone’s file has them: its own first, then lines, the person’s, the group’s', () => {
    const key = (kind: 'extension' | 'device' | 'group', value: string, place = {}): never =>
      ({ id: value, owner: { kind, id: '' }, kind: 'blf', value, position: 1, ...place }) as never
    const phone = {
      ...{ mac: '', name: '', model: 'yealink/t28p', lines: [{ position: 1, label: 'Anna' }] },
      person: [key('extension', '900')],
      phone: [key('device', '901', { bank: 'linekey', position: 2 })],
      group: [key('group', '902')],
      modules: NO_MODULES,
    }
    const edited = [{ id: 'mine', kind: 'blf' as const, value: '102' }]
    const places = placeById(layOut('extension', edited, sheetWithModules(sheetOf('yealink/t28p'), NO_MODULES), phone))
    expect([...places].map(([id, { bank, position }]) => `${id} ${bank} ${position}`)).toEqual([
      '901 linekey 2',
      'mine linekey 3',
      '902 linekey 4',
    ])
  })
})
