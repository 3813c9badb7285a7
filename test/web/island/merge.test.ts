import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Key } from '../../../src/web/island/key.js'
import { mergeKeys } from '../../../src/web/island/merge.js'

const key = (id: string, value: string, more: Partial<Key> = {}): Key => ({ id, kind: 'blf', value, ...more })
const base = [key('a', '1'), key('b', '2'), key('c', '3')]
const theirsOf = (keys: readonly Key[]): Key[] => keys.map((one) => ({ ...one, id: `t${one.id}` }))
const values = (keys: readonly Key[]): (string | undefined)[] => keys.map(({ value }) => value)

const lists = fc
  .uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 8 })
  .map((numbers) => numbers.map((n) => key(`k${n}`, String(n))))

describe('doing one’s changes again on what somebody else has stored', () => {
  test('nothing was changed elsewhere: mine as they are, in their order', () => {
    fc.assert(
      fc.property(lists, lists, (old, mine) => {
        expect(values(mergeKeys('extension', old, mine, theirsOf(old)))).toEqual(values(mine))
      }),
    )
  })

  test('nothing was changed here: theirs as they are', () => {
    fc.assert(
      fc.property(lists, lists, (old, theirs) => {
        expect(values(mergeKeys('extension', old, old, theirsOf(theirs)))).toEqual(values(theirs))
      }),
    )
  })

  test('for any changes of both: what either added is there, what either removed is not, nothing is there twice', () => {
    fc.assert(
      fc.property(lists, lists, lists, (old, mine, theirs) => {
        const merged = values(mergeKeys('extension', old, mine, theirsOf(theirs)))
        const [was, here, there] = [values(old), values(mine), values(theirs)]
        const wanted = [...new Set([...here, ...there])].filter((one) =>
          was.includes(one) ? here.includes(one) && there.includes(one) : true,
        )
        expect([...merged].sort()).toEqual([...wanted].sort())
      }),
    )
  })

  test('a label changed there stays where I touched nothing; where both did, mine', () => {
    const theirs = theirsOf([key('a', '1', { label: 'theirs' }), key('b', '2', { label: 'theirs' }), key('c', '3')])
    const mine = [key('a', '1'), key('b', '2', { label: 'mine' }), key('c', '3')]
    expect(mergeKeys('extension', base, mine, theirs).map(({ label }) => label)).toEqual(['theirs', 'mine', undefined])
  })

  test('keys of a phone are merged place by place', () => {
    const at = (id: string, value: string, position: number): Key => key(id, value, { bank: 'memorykey', position })
    const old = [at('a', '1', 1), at('b', '2', 2)]
    const mine = [at('a', '1', 1), at('b', '9', 2)]
    const theirs = theirsOf([at('a', '7', 1), at('b', '2', 2), at('c', '8', 3)])
    const merged = mergeKeys('device', old, mine, theirs)
    expect(merged.map(({ value, position }) => `${value}@${position}`).sort()).toEqual(['7@1', '8@3', '9@2'])
  })
})
