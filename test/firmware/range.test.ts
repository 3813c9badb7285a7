import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decideRange } from '../../src/firmware/range.js'

const WHOLE = { kind: 'whole' }
const NONE = { kind: 'unsatisfiable' }
const part = (start: number, end: number): unknown => ({ kind: 'part', start, end })

describe('decideRange', () => {
  test.each([
    ['bytes=0-0', part(0, 0)],
    ['bytes=0-99', part(0, 99)],
    ['bytes=10-', part(10, 99)],
    ['bytes=99-', part(99, 99)],
    ['bytes=90-1000', part(90, 99)],
    ['bytes=5-99999999999999999999999', part(5, 99)],
    ['BYTES= 1-2 ', part(1, 2)],
  ])('[RFC9110-14.1.2] %s of 100 bytes', (header, expected) => expect(decideRange(header, 100)).toEqual(expected))

  test.each([
    ['bytes=-1', part(99, 99)],
    ['bytes=-100', part(0, 99)],
    ['bytes=-5000', part(0, 99)],
    ['bytes=-0', NONE],
  ])('[RFC9110-14.1.2] suffix %s of 100 bytes', (header, expected) => expect(decideRange(header, 100)).toEqual(expected))

  test.each(['bytes=100-', 'bytes=100-200', 'bytes=99999999999999999999-'])(
    '[RFC9110-15.5.17] %s of 100 bytes cannot be satisfied',
    (header) => expect(decideRange(header, 100)).toEqual(NONE),
  )

  test.each([undefined, '', 'bytes', 'bytes=', 'bytes=-', 'bytes=5-4', 'bytes=a-b', 'bytes=-1-2', 'bytes=1.5-2', 'lines=1-2'])(
    '[RFC9110-14.2] %s is ignored',
    (header) => expect(decideRange(header, 100)).toEqual(WHOLE),
  )

  test('[RFC9110-14.2] several ranges are answered with the whole file', () => {
    expect(decideRange('bytes=0-1,5-6', 100)).toEqual(WHOLE)
  })

  test('an empty file has no part', () => {
    expect(decideRange('bytes=0-', 0)).toEqual(NONE)
    expect(decideRange('bytes=-5', 0)).toEqual(WHOLE)
  })

  test('a part always lies inside the file, whatever is asked', () => {
    const number = fc.oneof(fc.nat(), fc.constant(''), fc.bigInt({ min: 0n }))
    fc.assert(
      fc.property(fc.nat({ max: 1000 }), number, number, (size, first, last) => {
        const decision = decideRange(`bytes=${first}-${last}`, size)
        if (decision.kind !== 'part') return
        expect(decision.start).toBeGreaterThanOrEqual(0)
        expect(decision.end).toBeGreaterThanOrEqual(decision.start)
        expect(decision.end).toBeLessThan(size)
      }),
    )
  })

  test('the parts of a file laid side by side are the file', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (file, step) => {
        const parts: number[] = []
        for (let at = 0; at < file.length; at += step) {
          const decision = decideRange(`bytes=${at}-${at + step - 1}`, file.length)
          if (decision.kind === 'part') parts.push(...file.subarray(decision.start, decision.end + 1))
        }
        expect(parts).toEqual([...file])
      }),
    )
  })

  test('a suffix is what slice(-n) gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.integer({ min: 1, max: 200 }), (file, length) => {
        const decision = decideRange(`bytes=-${length}`, file.length)
        const got = decision.kind === 'part' ? file.slice(decision.start, decision.end + 1) : undefined
        expect(got).toEqual(file.slice(-length))
      }),
    )
  })

  test('no header of any shape throws', () => {
    fc.assert(fc.property(fc.string(), fc.nat(), (header, size) => void decideRange(header, size)))
  })
})
