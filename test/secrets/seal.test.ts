import { inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Sealed } from '../../src/domain/secret.js'
import { createByteBox, createKeyRing, createSecretBox, KEY_BYTES, type SealingKey } from '../../src/secrets/seal.js'
import { seededRandom } from '../support/seeded-random.js'

const key = (id: string, seed: number): SealingKey => ({ id, key: seededRandom(seed).bytes(KEY_BYTES) })
const box = createSecretBox(createKeyRing([key('k1', 1)]), seededRandom(9))

describe('sealed values', () => {
  test('open in their own row with exactly the text that was sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, context) => {
        expect(box.open(box.seal(text, context), context).reveal()).toBe(text)
      }),
    )
  })

  test('do not open in any other row', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (text, context, other) => {
        fc.pre(context !== other)
        expect(() => box.open(box.seal(text, context), other)).toThrow(
          expect.objectContaining({ code: 'SEALED_VALUE_UNREADABLE' }),
        )
      }),
    )
  })

  test('do not open after any one character was changed, and the error holds nothing of the value', () => {
    const sealed = box.seal('correct horse', 'lines:sealed_password:1')
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`
      expect(() => box.open(changed as Sealed, 'lines:sealed_password:1')).toThrow(
        expect.objectContaining({ code: 'SEALED_VALUE_UNREADABLE', message: expect.not.stringContaining('horse') }),
      )
    }
  })

  test('have the form v1.<key id>.<nonce>.<ciphertext and tag>, and never the same nonce twice', () => {
    const [first, second] = [box.seal('same', 'c'), box.seal('same', 'c')]
    expect(first).toMatch(/^v1\.k1\.[\w-]{16}\.[\w-]{27}$/)
    expect(first.split('.')[2]).not.toBe(second.split('.')[2])
  })

  test('are shown as [secret] when opened and not revealed', () => {
    const secret = box.open(box.seal('hidden', 'c'), 'c')
    expect(`${secret} ${JSON.stringify({ secret })} ${inspect(secret)}`).toBe('[secret] {"secret":"[secret]"} [secret]')
  })
})

describe('the key ring', () => {
  test('opens with every key and seals with the first', () => {
    const old = createSecretBox(createKeyRing([key('k1', 1)]), seededRandom(2)).seal('text', 'c')
    const rotated = createSecretBox(createKeyRing([key('k2', 2), key('k1', 1)]), seededRandom(3))
    expect(rotated.open(old, 'c').reveal()).toBe('text')
    expect(rotated.seal('text', 'c')).toMatch(/^v1\.k2\./)
  })

  test.each([
    ['no key', []],
    ['a short key', [{ id: 'k1', key: new Uint8Array(31) }]],
    ['two keys of one id', [key('k1', 1), key('k1', 2)]],
    ['an id with a dot', [key('k.1', 1)]],
  ])('refuses %s', (_what, keys) => {
    expect(() => createKeyRing(keys)).toThrow(expect.objectContaining({ code: 'KEY_FILE_UNUSABLE' }))
  })
})

describe('sealed bytes', () => {
  const bytes = createByteBox(createKeyRing([key('k1', 1)]), seededRandom(9))
  const unreadable = expect.objectContaining({ code: 'SEALED_VALUE_UNREADABLE' })

  test('open under their own context with exactly what was sealed, and under no other', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), fc.string(), (given, context, other) => {
        const sealed = bytes.seal(given, context)
        expect([...bytes.open(sealed, context)]).toEqual([...given])
        fc.pre(context !== other)
        expect(() => bytes.open(sealed, other)).toThrow(unreadable)
      }),
    )
  })

  test('do not open when any byte was changed or they were cut off anywhere', () => {
    const sealed = bytes.seal(Buffer.from('a phone'), 'c')
    for (let place = 0; place < sealed.length; place += 1) {
      const changed = Uint8Array.from(sealed, (byte, index) => (index === place ? byte ^ 1 : byte))
      expect(() => bytes.open(changed, 'c')).toThrow(unreadable)
      expect(() => bytes.open(sealed.subarray(0, place), 'c')).toThrow(unreadable)
    }
  })

  test('open with every key of the ring, and never have the same nonce twice', () => {
    const rotated = createByteBox(createKeyRing([key('k2', 2), key('k1', 1)]), seededRandom(3))
    const sealed = bytes.seal(Buffer.from('same'), 'c')
    expect(Buffer.from(rotated.open(sealed, 'c')).toString()).toBe('same')
    expect(Buffer.from(bytes.seal(Buffer.from('same'), 'c'))).not.toEqual(Buffer.from(sealed))
    expect(() => bytes.open(rotated.seal(Buffer.from('new'), 'c'), 'c')).toThrow(unreadable)
  })
})
