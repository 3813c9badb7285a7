import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { NonceCounts, Nonces } from '../../src/registrar/nonce.js'
import { seededRandom } from '../support/seeded-random.js'

const KEY = new Uint8Array(32).fill(7)
const NOW = 1_750_000_000_000

describe('[RFC7616-3.3] nonces', () => {
  const nonces = new Nonces(KEY, seededRandom(), 300)
  const nonce = nonces.issue(NOW, 'r', '192.0.2.7')

  test('are good for their lifetime, then expired; from the future they are expired', () => {
    expect(nonces.check(nonce, NOW + 299_999, 'r')).toBe('good')
    expect(nonces.check(nonce, NOW + 300_000, 'r')).toBe('expired')
    expect(nonces.check(nonce, NOW - 1, 'r')).toBe('expired')
    expect(nonces.issuedAt(nonce)).toBe(NOW)
  })

  test('belong to one realm and one key', () => {
    expect(nonces.check(nonce, NOW, 'other')).toBe('forged')
    expect(new Nonces(new Uint8Array(32), seededRandom(), 300).check(nonce, NOW, 'r')).toBe('forged')
  })

  test('are short enough for old phones and never the same', () => {
    expect(nonce.length).toBeLessThanOrEqual(64)
    const serials = Array.from({ length: 100 }, () => nonces.serial(nonces.issue(NOW, 'r', '192.0.2.7')))
    expect(new Set([...serials, nonces.serial(nonce)]).size).toBe(101)
  })

  test('tell whether an address got them from us, expired ones too', () => {
    expect(nonces.wasSentTo('192.0.2.7', nonce, 'r')).toBe(true)
    expect(nonces.wasSentTo('192.0.2.8', nonce, 'r')).toBe(false)
    expect(nonces.wasSentTo('192.0.2.7', nonce, 'other')).toBe(false)
    expect(
      nonces.wasSentTo(
        '192.0.2.7',
        nonce.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
        'r',
      ),
    ).toBe(false)
  })

  test('changed in any character they are forged', () => {
    for (let i = 0; i < nonce.length; i += 1) {
      const changed = nonce.slice(0, i) + (nonce[i] === 'A' ? 'B' : 'A') + nonce.slice(i + 1)
      expect(nonces.check(changed, NOW, 'r')).toBe('forged')
    }
  })

  test('any text is checked without throwing', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(nonces.check(text, NOW, 'r')).toBe('forged')))
  })
})

describe('[RFC7616-3.4] nonce counts', () => {
  const counts = (limit = 100): NonceCounts => new NonceCounts(limit, 300)

  test('each count is good once; late ones within the window too', () => {
    const used = counts()
    const uses = [1, 2, 2, 1, 5, 4, 4, 3, 0].map((count) => used.use(1, NOW, count, NOW))
    expect(uses).toEqual([true, true, false, false, true, true, false, true, false])
  })

  test('below the window and far ahead are refused', () => {
    const used = counts()
    expect([1, 100, 36, 37, 100 + 257, 100 + 256].map((count) => used.use(1, NOW, count, NOW))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
    ])
  })

  test('whatever the order, no count is accepted twice', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 }), (order) => {
        const used = counts()
        const accepted = order.filter((count) => used.use(1, NOW, count, NOW))
        expect(new Set(accepted).size).toBe(accepted.length)
      }),
    )
  })

  test('memory is bounded, and what was forgotten early cannot be replayed', () => {
    const used = counts(10)
    for (let i = 0; i < 50; i += 1) expect(used.use(i, NOW + i, 1, NOW + i)).toBe(true)
    expect(used.size).toBe(10)
    expect(used.use(0, NOW, 1, NOW + 60)).toBe(false)
    expect(used.use(49, NOW + 49, 2, NOW + 60)).toBe(true)
    expect(used.use(99, NOW + 60, 1, NOW + 60)).toBe(true)
  })

  test('expired nonces make room without voiding others', () => {
    const used = counts(2)
    used.use(1, NOW, 1, NOW)
    used.use(2, NOW + 1, 1, NOW + 1)
    expect(used.use(3, NOW + 2, 1, NOW + 400_000)).toBe(true)
    expect(used.size).toBe(1)
  })
})
