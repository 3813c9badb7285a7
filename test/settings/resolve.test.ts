import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LAYERS } from '../../src/domain/entities.js'
import { resolveSettings, type LayerInput } from '../../src/settings/resolve.js'
import { parseVocabulary } from '../../src/settings/vocabulary.js'

const VOCABULARY = parseVocabulary(
  ['a', 'b', 'c', 'd']
    .map((name) => `${name}: { type: integer, min: 0, max: 999, default: 0, layers: [global], help: h }`)
    .join('\n'),
)

function layer(name: LayerInput['layer'], owner: string, values: Record<string, unknown>): LayerInput {
  return { layer: name, owner, values: new Map(Object.entries(values)) }
}

describe('the resolver', () => {
  const resolved = resolveSettings(
    VOCABULARY,
    [
      layer('global', '', { a: 1, b: 1, 'raw.yealink.x.y': 'weak', 'raw.snom.x': 'other vendor' }),
      layer('model', 'yealink/t28p', { b: 2, 'raw.yealink.x.y': 'strong' }),
      layer('device', 'dev1', { b: 3, c: null, gone: 5 }),
    ],
    'yealink',
  )

  test('lets the strongest layer win and falls back to the shipped default', () => {
    expect(resolved.values).toEqual({ a: 1, b: 3, c: null, d: 0 })
  })

  test('says where each value came from', () => {
    expect(resolved.origin('a')).toEqual({ layer: 'global', owner: '' })
    expect(resolved.origin('b')).toEqual({ layer: 'device', owner: 'dev1' })
    expect(resolved.origin('d')).toEqual({ layer: 'shipped', owner: '' })
  })

  test('explains with every candidate, the shipped default first', () => {
    expect(resolved.explain('b').map(({ origin, value }) => [origin.layer, value])).toEqual([
      ['shipped', 0],
      ['global', 1],
      ['model', 2],
      ['device', 3],
    ])
  })

  test('gives raw parameters of the phone’s own family only', () => {
    expect([...resolved.raw]).toEqual([['x.y', 'strong']])
    expect(resolved.origin('raw.yealink.x.y')).toEqual({ layer: 'model', owner: 'yealink/t28p' })
  })

  test('leaves out a setting that the vocabulary no longer has', () => {
    expect(resolved.values).not.toHaveProperty('gone')
    const poisoned = new Map<string, unknown>([['__proto__', { polluted: true }]])
    const after = resolveSettings(VOCABULARY, [{ layer: 'global', owner: '', values: poisoned }], 'yealink')
    expect(Object.getPrototypeOf(after.values)).toBe(Object.prototype)
  })
})

describe('for any layers', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'raw.yealink.p', 'raw.yealink.q')
  const entries = fc.uniqueArray(fc.tuple(key, fc.integer({ min: 1, max: 999 })), { selector: ([name]) => name })
  const inputs = fc.array(entries, { minLength: LAYERS.length, maxLength: LAYERS.length })

  const build = (all: readonly (readonly [string, number][])[], reverse: boolean): LayerInput[] =>
    LAYERS.map((name, index) => ({
      layer: name,
      owner: name,
      values: new Map(reverse ? [...(all[index] ?? [])].reverse() : all[index]),
    }))

  test('the order of keys within a layer changes nothing', () => {
    fc.assert(
      fc.property(inputs, (all) => {
        const [one, other] = [false, true].map((reverse) => resolveSettings(VOCABULARY, build(all, reverse), 'yealink'))
        expect(one?.values).toEqual(other?.values)
        expect(new Map(one?.raw)).toEqual(new Map(other?.raw))
      }),
    )
  })

  test('the value is always the last one explained, and its origin with it', () => {
    fc.assert(
      fc.property(inputs, (all) => {
        const resolved = resolveSettings(VOCABULARY, build(all, false), 'yealink')
        for (const name of VOCABULARY.keys()) {
          const last = resolved.explain(name).at(-1)
          expect(resolved.values[name]).toBe(last?.value)
          expect(resolved.origin(name)).toEqual(last?.origin)
        }
      }),
    )
  })
})
