import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { pageOf } from '../../src/admin/paging.js'
import { sortedBy } from '../../src/domain/search-text.js'

interface Item {
  id: string
  name: string
}
const KEYS = { name: sortedBy(({ name }: Item) => name), length: ({ name }: Item) => name.length }

function all(items: readonly Item[], sort: string, limit: number): Item[] {
  const found: Item[] = []
  let cursor: string | undefined
  do {
    const page = pageOf(items, { limit, sort, cursor }, KEYS)
    found.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return found
}

const names = (items: readonly Item[]): string[] => items.map(({ name }) => name)
const itemsOf = (...texts: string[]): Item[] => texts.map((name, index) => ({ id: String(index), name }))

describe('pages', () => {
  test('put together are the whole list, each item once, whatever the size of a page', () => {
    const lists = fc.uniqueArray(fc.record({ id: fc.uuid(), name: fc.string() }), { selector: ({ id }) => id })
    fc.assert(
      fc.property(
        lists,
        fc.constantFrom('name', '-name', 'length', '-length'),
        fc.integer({ min: 1, max: 9 }),
        (items, sort, limit) => {
          const found = all(items, sort, limit)
          expect(new Set(found)).toEqual(new Set(items))
          expect(found.length).toBe(items.length)
          expect(found).toEqual(all(items, sort, 1_000))
          if (sort === '-name') expect(found).toEqual(all(items, 'name', 1_000).reverse())
        },
      ),
    )
  })

  test('sort as people do: 9 before 10, umlauts beside their letters, case does not count, nothing comes last', () => {
    const items = itemsOf('Room 10', 'zoe', 'Äpfel', '', 'Room 9', 'apfel', 'Zoé', 'Azur')
    expect(names(all(items, 'name', 3))).toEqual(['Äpfel', 'apfel', 'Azur', 'Room 9', 'Room 10', 'zoe', 'Zoé', ''])
  })

  test.each(['', 'x', '%%%', btoa('[1]'), btoa('["-name","a","1"]'), btoa('["name",{},"1"]'), btoa('"name"')])(
    'a cursor that is none of this list is refused: %j',
    (cursor) => {
      expect(() => pageOf(itemsOf('a'), { limit: 1, sort: 'name', cursor }, KEYS)).toThrow(
        expect.objectContaining({ code: 'REQUEST_INVALID' }),
      )
    },
  )

  test('a field that cannot be sorted by is refused', () => {
    expect(() => pageOf([], { limit: 1, sort: 'constructor' }, KEYS)).toThrow(/sort: name, length can be used/)
  })
})
