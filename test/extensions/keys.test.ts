import { describe, expect, test } from '@jest/globals'
import { requireKeys, type KeyInput } from '../../src/extensions/keys.js'

const person = { kind: 'extension', id: 'anna' } as const
const phone = { kind: 'device', id: 'desk' } as const
let ids = 0
const newId = (): string => `key-${(ids += 1)}`

describe('keys that no phone would take are refused when saving', () => {
  test.each<[string, KeyInput, RegExp]>([
    ['a missing value', { position: 1, kind: 'park' }, /park key needs a value/],
    ['a line break', { position: 1, kind: 'dnd', label: 'a\nb' }, /line break/],
    ['a Unicode line break', { position: 1, kind: 'blf', value: '1\u2028' }, /line break/],
    ['a value of 251 characters', { position: 1, kind: 'url', value: 'x'.repeat(251) }, /longer than 250/],
    ['a bank on a person’s key', { position: 1, bank: 'linekey', kind: 'dnd' }, /has no bank/],
    ['a position of 0', { position: 0, kind: 'dnd' }, /position/],
    ['a line of 0', { position: 1, kind: 'dnd', line: 0 }, /line must/],
  ])('%s', (_what, key, message) => {
    expect(() => requireKeys([key], person, newId)).toThrow(message)
  })

  test('a key of a phone needs its bank', () => {
    expect(() => requireKeys([{ position: 1, kind: 'dnd' }], phone, newId)).toThrow(/needs its bank/)
  })

  test('two keys at one place', () => {
    const key: KeyInput = { position: 1, kind: 'dnd' }
    expect(() => requireKeys([key, key], person, newId)).toThrow(/given twice/)
  })

  test('good keys are kept in order of their places', () => {
    const keys = requireKeys(
      [
        { position: 2, kind: 'dnd' },
        { position: 1, kind: 'blf', value: '102' },
      ],
      person,
      newId,
    )
    expect(keys.map(({ position, kind, owner }) => [position, kind, owner])).toEqual([
      [1, 'blf', person],
      [2, 'dnd', person],
    ])
  })
})
