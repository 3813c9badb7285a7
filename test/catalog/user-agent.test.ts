import { describe, expect, test } from '@jest/globals'
import { generationOf } from '../../src/catalog/catalog.js'
import { compileUserAgents, hasNestedQuantifier } from '../../src/catalog/user-agent.js'
import { loadPhones, modelOf } from '../support/phone-catalog.js'
import { growth } from '../support/growth.js'

const { catalog } = loadPhones()

describe('User-Agents that Yealink phones were seen to send', () => {
  test.each<[string, string, string, string | undefined]>([
    ['yealink SIP-T28P 2.50.0.50 00:15:65:13:ae:0b', 'yealink/t28p', '2.50.0.50', '00156513ae0b'],
    ['yealink SIP-T28P 2.70.0.140 00:15:65:13:ae:0b', 'yealink/t28p', '2.70.0.140', '00156513ae0b'],
    ['Yealink SIP-T28P 2.72.14.2 00:15:65:18:72:eb', 'yealink/t28p', '2.72.14.2', '0015651872eb'],
    ['Yealink SIP-T28P 2.61.0.70', 'yealink/t28p', '2.61.0.70', undefined],
    ['Yealink SIP-T21P 34.72.0.1 00:15:65:4c:4c:26', 'yealink/t21p', '34.72.0.1', '0015654c4c26'],
    ['Yealink SIP-T21P_E2 52.80.0.3 00:15:65:4c:4c:26', 'yealink/t21p-e2', '52.80.0.3', '0015654c4c26'],
    ['Yealink SIP-T21P_E2 52.81.0.90 80:5e:c0:ae:9a:b6', 'yealink/t21p-e2', '52.81.0.90', '805ec0ae9ab6'],
    ['Yealink SIP-T21P_E2 52.80.0.147', 'yealink/t21p-e2', '52.80.0.147', undefined],
    ['Yealink SIP-T19P_E2 53.80.0.3 00:15:65:4c:4c:26', 'yealink/t19p-e2', '53.80.0.3', '0015654c4c26'],
    // Two blanks and a MAC without colons, as later models write it.
    ['Yealink SIP-T21P_E2  52.84.0.125 805ec0ae9ab6', 'yealink/t21p-e2', '52.84.0.125', '805ec0ae9ab6'],
  ])('%s', (text, model, firmware, mac) => {
    const claim = catalog.userAgent(text)
    expect(claim).toMatchObject({ firmware, ...(mac ? { mac } : {}) })
    expect(claim?.mac).toBe(mac)
    expect(claim && catalog.modelByToken(claim.family, claim.model)?.model).toBe(model)
  })

  test.each([
    'Yealink-T46G 28.71.0.81 28.1.0.128.0.0.0',
    'Yealink SIP VP-T49G 51.80.0.10 00:15:65:4c:4c:26',
    'Yealink W52P 25.80.0.15 00:15:65:4c:4c:26',
    'Yealink SIP-T38G  38.70.0.125 00:15:65:2f:c3:5e',
  ])('%s is read, but is no model of ours', (text) => {
    const claim = catalog.userAgent(text)
    expect(claim?.family).toBe('yealink')
    expect(claim && catalog.modelByToken(claim.family, claim.model)).toBeUndefined()
  })

  test.each(['', 'Mozilla/5.0', 'curl/8.0', 'Yealink', 'Yealink SIP-T28P'])('"%s" claims nothing', (text) => {
    expect(catalog.userAgent(text)).toBeUndefined()
  })

  test('the first T21P and the T21P E2 are never taken for each other', () => {
    expect(catalog.modelByToken('yealink', 'T21P')?.model).toBe('yealink/t21p')
    expect(catalog.modelByToken('yealink', 't21p_e2')?.model).toBe('yealink/t21p-e2')
    expect(catalog.modelByToken('yealink', 'T21D')?.model).toBe('yealink/t21p')
    expect(catalog.modelByToken('yealink', 'T21')).toBeUndefined()
  })

  test('of a very long User-Agent only the head is looked at', () => {
    expect(
      growth(
        (size) => `Yealink SIP-T28P ${'1.'.repeat(size)}`,
        (text) => void catalog.userAgent(text),
        50_000,
      ),
    ).toBeLessThan(10)
  })
})

describe('the generation of a firmware', () => {
  test.each([
    ['52.84.0.125', 84],
    ['2.73.0.50', 73],
    ['junk', undefined],
    ['52.x.0.1', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s is %s', (version, generation) => {
    expect(generationOf(modelOf(catalog, 'yealink/t21p-e2'), version)).toBe(generation)
  })
})

describe('expressions that could take exponential time', () => {
  test.each(['(a+)+', '(a*)*b', '(?:a+){2,}', '((a+)b?)+', '(?:(?:x*))*', '(\\d+\\.?)+', '(?<m>[a-z]+)*', '(a{2,})+'])(
    '%s is refused',
    (pattern) => {
      expect(hasNestedQuantifier(pattern)).toBe(true)
    },
  )

  test.each([
    '(a+)?',
    '(?:[0-9a-f]{2}:){5}',
    'a+b+',
    '(ab)+',
    '[(+]+(x)',
    '\\(a+\\)+',
    '(?<mac>[0-9a-f]{12})(?:\\s+x)?',
  ])('%s is fine', (pattern) => {
    expect(hasNestedQuantifier(pattern)).toBe(false)
  })

  test('no shipped model has such an expression', () => {
    for (const model of catalog.models()) expect(model.userAgent.filter(hasNestedQuantifier)).toEqual([])
  })

  test('a claim needs model and firmware', () => {
    const read = compileUserAgents('x', ['^(?<model>\\w+)(?: (?<firmware>\\d+))?'])
    expect(read('phone')).toBeUndefined()
    expect(read('phone 7')).toEqual({ family: 'x', model: 'phone', firmware: '7' })
  })
})
