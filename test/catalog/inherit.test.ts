import { describe, expect, test } from '@jest/globals'
import { inheritManifest, layOver } from '../../src/catalog/inherit.js'

describe('laying a manifest over its parent', () => {
  test('maps merge, scalars and lists replace', () => {
    expect(layOver({ a: { x: 1, y: 2 }, b: [1, 2], c: 'old' }, { a: { y: 3 }, b: [9], c: 'new' })).toEqual({
      a: { x: 1, y: 3 },
      b: [9],
      c: 'new',
    })
  })

  test('null removes', () => {
    expect(layOver({ files: { boot: { path: 'x' }, main: { path: 'y' } } }, { files: { boot: null } })).toEqual({
      files: { main: { path: 'y' } },
    })
  })

  test.each(['keyKinds', 'keyFields', 'words'])('below %s null is a value, "cleared"', (field) => {
    expect(layOver({ [field]: { none: { type: 0 } } }, { [field]: { none: { type: null } } })).toEqual({
      [field]: { none: { type: null } },
    })
  })

  test('the parent is left as it was', () => {
    const parent = { a: { x: 1 } }
    layOver(parent, { a: { x: 2 } })
    expect(parent).toEqual({ a: { x: 1 } })
  })
})

describe('extends', () => {
  const sources = new Map<string, Record<string, unknown>>([
    ['fam', { family: 'fam', lines: 1, vendor: 'V' }],
    ['fam/base', { model: 'fam/base', extends: 'fam', abstract: true, samples: ['s'], lines: 2 }],
    ['fam/phone', { model: 'fam/phone', extends: 'fam/base', name: 'Phone' }],
    ['ring/a', { model: 'ring/a', extends: 'ring/b' }],
    ['ring/b', { model: 'ring/b', extends: 'ring/a' }],
    ['lost', { model: 'lost', extends: 'nowhere' }],
    ['d4', { extends: 'd3' }],
    ['d3', { extends: 'd2' }],
    ['d2', { extends: 'd1' }],
    ['d1', { extends: 'fam' }],
  ])

  test('goes from the family down; abstract and samples stay where they are', () => {
    expect(inheritManifest('fam/phone', sources)).toEqual({
      family: 'fam',
      model: 'fam/phone',
      extends: 'fam/base',
      name: 'Phone',
      vendor: 'V',
      lines: 2,
    })
  })

  test.each([
    ['ring/a', /ring: ring\/a > ring\/b/],
    ['lost', /unknown "nowhere"/],
    ['d4', /more than 3 steps/],
  ])('%s is refused', (id, message) => {
    expect(() => inheritManifest(id, sources)).toThrow(message)
  })
})
