import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { newId, randomDigits, randomFrom, randomText, UNAMBIGUOUS, type Random } from '../../src/domain/random.js'
import { seededRandom } from '../support/seeded-random.js'

const ALPHABET = /^[0-9a-hjkmnp-tv-z]*$/

describe('random text', () => {
  test('has the wanted length and only letters that nobody mistakes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.integer(), (length, seed) => {
        const text = randomText(seededRandom(seed), length)
        expect(text).toHaveLength(length)
        expect(text).toMatch(ALPHABET)
      }),
    )
  })

  test('uses each of the 32 letters about as often', () => {
    const counts = new Map<string, number>()
    for (const letter of randomText(seededRandom(7), 32_000)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    expect(counts.size).toBe(32)
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(200)
  })

  test('digits are drawn without bias: bytes above 249 are drawn again', () => {
    const bytes = [255, 250, 3, 249, 17, 254, 8, 21]
    let at = 0
    const random: Random = {
      bytes: (count) => Uint8Array.from({ length: count }, () => bytes[at++ % bytes.length] ?? 0),
    }
    expect(randomDigits(random, 4)).toBe('3978')
  })

  test('letters of a given alphabet are drawn without bias', () => {
    const counts = new Map<string, number>()
    for (const letter of randomFrom(seededRandom(3), UNAMBIGUOUS, 20_000))
      counts.set(letter, (counts.get(letter) ?? 0) + 1)
    const even = 20_000 / UNAMBIGUOUS.length
    expect([...counts.keys()].sort().join('')).toBe([...UNAMBIGUOUS].sort().join(''))
    for (const count of counts.values()) expect(Math.abs(count - even)).toBeLessThan(even * 0.3)
  })

  test('the alphabet for people has no 0, O, 1, l, I, o or i', () => {
    expect(UNAMBIGUOUS).not.toMatch(/[0O1lIoi]/)
    expect(new Set(UNAMBIGUOUS).size).toBe(UNAMBIGUOUS.length)
  })
})

describe('ids', () => {
  test('are ULIDs: 26 letters of Crockford base32', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.integer(), (ms, seed) => {
        expect(newId(seededRandom(seed), ms)).toMatch(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/)
      }),
    )
  })

  test('sort by the time they were made', () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 })
    fc.assert(
      fc.property(time, time, fc.integer(), fc.integer(), (a, b, seedA, seedB) => {
        fc.pre(a !== b)
        expect(newId(seededRandom(seedA), a) < newId(seededRandom(seedB), b)).toBe(a < b)
      }),
    )
  })

  test('encode the time of the published example', () => {
    // github.com/ulid/spec: 01ARYZ6S41 is 1469918176385.
    expect(newId(seededRandom(), 1_469_918_176_385).slice(0, 10)).toBe('01aryz6s41')
  })
})
