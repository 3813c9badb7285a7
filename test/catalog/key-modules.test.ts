import { describe, expect, test } from '@jest/globals'
import { layOutKeys, whyNoPlace } from '../../src/catalog/key-bank.js'
import { attachedModules, moduleOf, moduleRules, withModules } from '../../src/catalog/key-modules.js'
import type { LineKey } from '../../src/domain/entities.js'
import { loadPhones, modelOf } from '../support/phone-catalog.js'

const { catalog } = loadPhones()
const t28p = modelOf(catalog, 'yealink/t28p')
const NOTHING = { number: undefined, type: undefined }

const blfs = (count: number): LineKey[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ id: `k${index}`, owner: { kind: 'extension', id: 'e' }, position: index + 1, kind: 'blf' },
    value: String(200 + index),
  }))

describe('expansion modules', () => {
  test('which models take some, of which types, how many keys', () => {
    const taken = catalog.models().flatMap((model) => {
      const rules = moduleRules(model)
      return rules ? [[model.model, rules.max, rules.keys, Object.keys(rules.types).join(' ')]] : []
    })
    expect(taken).toEqual([
      ['grandstream/gxp2140', 4, 40, 'gxp2200ext'],
      ['grandstream/gxp2170', 4, 40, 'gxp2200ext'],
      ['snom/715', 3, 18, 'd7'],
      ['snom/725', 3, 18, 'd7'],
      ['snom/d315', 3, 18, 'd3 d7'],
      ['snom/d335', 3, 18, 'd3 d7'],
      ['snom/d345', 3, 18, 'd3 d7'],
      ['snom/d375', 3, 18, 'd3 d7'],
      ['snom/d385', 3, 18, 'd3 d7'],
      ['snom/d717', 3, 18, 'd7c d7'],
      ['snom/d735', 3, 18, 'd7c d7'],
      ['snom/d745', 3, 18, 'd7'],
      ['snom/d765', 3, 18, 'd7c d7'],
      ['snom/d785', 3, 18, 'd7c d7'],
      ['yealink/t28p', 6, 40, 'exp39 exp38'],
    ])
  })

  test('a person’s keys go on to a module when the phone’s own are used up', () => {
    const { banks, overflow } = layOutKeys(withModules(t28p, { number: 1 }), [1], blfs(20), [])
    expect(overflow).toEqual([])
    const used = banks.expansion?.filter(({ kind }) => kind !== 'none')
    // Key 1 of an EXP39 turns its page.
    expect(used?.map(({ position, value }) => [position, value])).toEqual([
      [2, '215'],
      [3, '216'],
      [4, '217'],
      [5, '218'],
      [6, '219'],
    ])
  })

  test('what does not fit is explained by the module that is missing, or that no more can be attached', () => {
    const why = (number: number): string => whyNoPlace(withModules(t28p, { number }), { kind: 'blf' })
    expect([why(0), why(5), why(6)]).toEqual(['module', 'module', 'full'])
    expect(whyNoPlace(withModules(t28p, { number: 0 }), { kind: 'blf', line: 7 })).toBe('line')
  })

  test('an EXP38 has 38 keys, and the next module begins at the next number of the file', () => {
    const { banks } = layOutKeys(withModules(t28p, { number: 2, type: 'exp38' }), [1], [], [])
    expect(banks.expansion?.map(({ position }) => position)).toEqual([
      ...Array.from({ length: 38 }, (_, index) => index + 1),
      ...Array.from({ length: 38 }, (_, index) => index + 41),
    ])
    expect(moduleOf({ keys: 40 }, 41)).toEqual({ module: 2, key: 1 })
  })

  test('keys of modules of a Snom go on counting where those of the phone end', () => {
    const d785 = modelOf(catalog, 'snom/d785')
    const { banks } = layOutKeys(withModules(d785, { number: 1 }), [1], [], [])
    expect([banks.uxm?.[0]?.index, banks.uxm?.length]).toEqual([24, 18])
  })

  test('a key of the phone on a module counts as one that is attached; more than the model takes are not', () => {
    const own = [{ bank: 'expansion', position: 81 }]
    expect(attachedModules(t28p, NOTHING, [])).toEqual({ number: 0 })
    expect(attachedModules(t28p, NOTHING, own)).toEqual({ number: 3 })
    expect(attachedModules(t28p, { number: 9, type: 'exp38' }, own)).toEqual({ number: 6, type: 'exp38' })
    expect(attachedModules(t28p, { number: 1, type: 'd7' }, [{ bank: 'constructor', position: 1 }])).toEqual({
      number: 1,
    })
    expect(attachedModules(modelOf(catalog, 'snom/d120'), { number: 2, type: 'auto' }, own)).toEqual({ number: 0 })
  })
})
