import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { pageOf } from '../../src/admin/paging.js'
import { sortedBy } from '../../src/domain/search-text.js'
import { CountedTurns } from '../support/counted-turns.js'

interface Item {
  id: string
  name: string
}
const KEYS = { name: sortedBy(({ name }: Item) => name), length: ({ name }: Item) => name.length }

async function all(items: readonly Item[], sort: string, limit: number): Promise<Item[]> {
  const found: Item[] = []
  let cursor: string | undefined
  do {
    const page = await pageOf(items, { limit, sort, cursor }, KEYS)
    found.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return found
}

const names = (items: readonly Item[]): string[] => items.map(({ name }) => name)
const itemsOf = (...texts: string[]): Item[] => texts.map((name, index) => ({ id: String(index), name }))

describe('pages', () => {
  test('put together are the whole list, each item once, whatever the size of a page', async () => {
    const lists = fc.uniqueArray(fc.record({ id: fc.uuid(), name: fc.string() }), { selector: ({ id }) => id })
    await fc.assert(
      fc.asyncProperty(
        lists,
        fc.constantFrom('name', '-name', 'length', '-length'),
        fc.integer({ min: 1, max: 9 }),
        async (items, sort, limit) => {
          const found = await all(items, sort, limit)
          expect(new Set(found)).toEqual(new Set(items))
          expect(found.length).toBe(items.length)
          expect(found).toEqual(await all(items, sort, 1_000))
          if (sort === '-name') expect(found).toEqual((await all(items, 'name', 1_000)).reverse())
        },
      ),
    )
  })

  test('sort as people do: 9 before 10, umlauts beside their letters, case does not count, nothing comes last', async () => {
    const items = itemsOf('Room 10', 'zoe', 'Äpfel', '', 'Room 9', 'apfel', 'Zoé', 'Azur')
    expect(names(await all(items, 'name', 3))).toEqual([
      'Äpfel',
      'apfel',
      'Azur',
      'Room 9',
      'Room 10',
      'zoe',
      'Zoé',
      '',
    ])
  })

  test.each(['', 'x', '%%%', btoa('[1]'), btoa('["-name","a","1"]'), btoa('["name",{},"1"]'), btoa('"name"')])(
    'a cursor that is none of this list is refused: %j',
    async (cursor) => {
      await expect(pageOf(itemsOf('a'), { limit: 1, sort: 'name', cursor }, KEYS)).rejects.toThrow(
        expect.objectContaining({ code: 'REQUEST_INVALID' }),
      )
    },
  )

  test('others have their turn before and after each twenty items of a list that may be long', async () => {
    const turns = new CountedTurns()
    const many = itemsOf('c', 'b', ...Array.from({ length: 40 }, () => 'd'), 'a')
    const { items } = await pageOf(many, { limit: 2, sort: 'name' }, KEYS, turns.next)
    expect([names(items), turns.waited]).toEqual([['a', 'b'], 3])
  })

  test('a field that cannot be sorted by is refused', async () => {
    await expect(pageOf([], { limit: 1, sort: 'constructor' }, KEYS)).rejects.toThrow(/sort: name, length can be used/)
  })
})
