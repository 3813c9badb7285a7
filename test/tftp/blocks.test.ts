import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { BlockQueue, blocksOfBytes, type Blocks } from '../../src/tftp/blocks.js'
import { toNetascii } from '../../src/tftp/netascii.js'

function everyBlock(blocks: Blocks): Uint8Array[] {
  return Array.from({ length: blocks.available }, (_, index) => blocks.block(index + 1))
}

describe('blocks', () => {
  test.each([
    [0, [0]],
    [511, [511]],
    [512, [512, 0]],
    [513, [512, 1]],
    [1024, [512, 512, 0]],
  ])('[RFC1350-6] %i bytes end with a block shorter than 512', (size, lengths) => {
    expect(everyBlock(blocksOfBytes(new Uint8Array(size), 512)).map(({ length }) => length)).toEqual(lengths)
  })

  test('pieces of any size give the same blocks as the whole', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 12 })
    fc.assert(
      fc.property(pieces, fc.integer({ min: 8, max: 40 }), (parts, blockSize) => {
        const queue = new BlockQueue(blockSize)
        parts.forEach((part) => queue.append(part, false))
        queue.append(new Uint8Array(0), true)
        expect(queue.complete).toBe(true)
        const whole = everyBlock(blocksOfBytes(Buffer.concat(parts), blockSize))
        expect(everyBlock(queue).map((block) => [...block])).toEqual(whole.map((block) => [...block]))
      }),
    )
  })

  test('released blocks are let go, the others stay', () => {
    const queue = new BlockQueue(8)
    queue.append(
      Uint8Array.from({ length: 30 }, (_, index) => index),
      true,
    )
    queue.release(2)
    expect(() => queue.block(2)).toThrow(RangeError)
    expect([...queue.block(3)]).toEqual([16, 17, 18, 19, 20, 21, 22, 23])
  })
})

describe('netascii', () => {
  test('[RFC764] LF becomes CR LF and a lone CR becomes CR NUL', () => {
    expect(Buffer.from(toNetascii(Buffer.from('a\nb\rc\r\n'))).toString()).toBe('a\r\nb\r\0c\r\0\r\n')
  })

  test('what is converted reads back as it was, piece by piece or whole', () => {
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('\r', '\n', '\0', 'x') }), { maxLength: 8 })
    fc.assert(
      fc.property(pieces, (parts) => {
        const converted = parts.map((part) => Buffer.from(toNetascii(Buffer.from(part))).toString()).join('')
        expect(converted.replace(/\r(\n|\0)/g, (_, second) => (second === '\n' ? '\n' : '\r'))).toBe(parts.join(''))
      }),
    )
  })
})
