import { describe, expect, test } from '@jest/globals'
import { featureCodeIn, featureCodesOf } from '../../src/extensions/feature-codes.js'
import { keyWarning, keyWarningText } from '../../src/extensions/key-warnings.js'
import { mayBeWatched } from '../../src/extensions/watching.js'

const codes = [
  { code: '*2', name: 'Transfer', on: true },
  { code: '*26', name: 'Record all', on: false },
]
const knowledge = { codes, isUnwatched: (number: string) => number === '101' }

describe('who may be watched', () => {
  test('is said by the person, else by the site, else by what is set for all; unsaid: everybody', () => {
    const [yes, no] = [new Map([['mayBeWatched', true]]), new Map([['mayBeWatched', false]])]
    expect(mayBeWatched([])).toBe(true)
    expect(mayBeWatched([new Map(), no])).toBe(false)
    expect(mayBeWatched([yes, no])).toBe(true)
    expect(mayBeWatched([no, yes])).toBe(false)
  })
})

describe('feature codes', () => {
  test('the longest code that a text begins with is the one that is dialled', () => {
    expect(featureCodeIn('*2612', codes)?.name).toBe('Record all')
    expect(featureCodeIn('*212', codes)?.name).toBe('Transfer')
    expect(featureCodeIn('212', codes)).toBeUndefined()
  })

  test('the table of the site comes before the one for all, and none is an empty one', () => {
    expect(featureCodesOf([new Map([['featureCodes', codes]]), new Map([['featureCodes', []]])])).toBe(codes)
    expect(featureCodesOf([new Map([['featureCodes', null]]), new Map([['featureCodes', codes]])])).toEqual([])
    expect(featureCodesOf([])).toEqual([])
  })
})

describe('a key is warned of', () => {
  test.each([
    ['blf', '101', 'may not be watched'],
    ['blf', '*26', 'is switched off'],
    ['speed-dial', '*2655', 'is switched off'],
    ['dtmf', '*26', 'is switched off'],
    ['speed-dial', '030,,1#', 'pauses'],
    ['speed-dial', '030p1', 'pauses'],
  ] as const)('%s %s', (kind, value, words) => {
    const warning = keyWarning({ kind, value }, knowledge)
    expect(warning && keyWarningText(warning)).toContain(words)
  })

  test.each([
    ['blf', '102'],
    ['speed-dial', '101'],
    ['speed-dial', '*27'],
    ['url', 'http://192.0.2.1/*26,,'],
    ['dnd', undefined],
    ['transfer', undefined],
  ] as const)('%s %s is not', (kind, value) => {
    expect(keyWarning({ kind, value }, knowledge)).toBeUndefined()
  })
})
