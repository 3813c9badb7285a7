import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { diffLines } from '../../src/provisioning/line-diff.js'

describe('a comparison of two files', () => {
  test('is empty when nothing is different', () => {
    expect(diffLines('a\nb\n', 'a\r\nb')).toEqual([])
  })

  test('shows what went and what came, with two lines around', () => {
    const before = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n'
    const told = diffLines(before, before.replace('four', 'FOUR'))
    expect(told.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'same two',
      'same three',
      'gone four',
      'new FOUR',
      'same five',
      'same six',
    ])
  })

  test('tells the parts of the new file in its order and those of the old one in theirs, whatever they are', () => {
    const file = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(file, file, (a, b) => {
        const told = diffLines(a.join('\n'), b.join('\n'))
        const gone = told.filter(({ kind }) => kind === 'gone').length
        const added = told.filter(({ kind }) => kind === 'new').length
        expect(b.length - a.length).toBe(added - gone)
        if (a.join() === b.join()) expect(told).toEqual([])
        else expect(gone + added).toBeGreaterThan(0)
      }),
    )
  })
})
