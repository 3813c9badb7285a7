import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { agreeOnTerms } from '../../src/tftp/options.js'

describe('TFTP options', () => {
  test('[RFC1350-2] without options the block is 512 bytes, one at a time', () => {
    expect(agreeOnTerms([], 5)).toEqual({ blockSize: 512, windowSize: 1, acknowledged: [] })
  })

  test('[RFC2347-2] names count in any case and are acknowledged as they were spelled', () => {
    const asked = [
      ['BLKSIZE', '1428'],
      ['TSize', '0'],
      ['Timeout', '3'],
      ['windowSIZE', '4'],
    ] as const
    expect(agreeOnTerms(asked, 6000)).toEqual({
      blockSize: 1428,
      windowSize: 4,
      timeoutMs: 3000,
      acknowledged: [
        ['BLKSIZE', '1428'],
        ['TSize', '6000'],
        ['Timeout', '3'],
        ['windowSIZE', '4'],
      ],
    })
  })

  test.each([
    ['blksize', '7'],
    ['blksize', ''],
    ['blksize', '-512'],
    ['blksize', '0x200'],
    ['blksize', '1e3'],
    ['blksize', '99999999999999999999'],
    ['tsize', '10'],
    ['tsize', ''],
    ['timeout', '0'],
    ['timeout', '256'],
    ['timeout', '3000'],
    ['windowsize', '0'],
    ['multicast', ''],
    ['constructor', '1'],
    ['__proto__', '1'],
  ])('%s=%j is left out and harms no other option', (name, value) => {
    const terms = agreeOnTerms(
      [
        [name, value],
        ['blksize', '1024'],
        ['windowsize', '2'],
      ].filter(([other], index) => index === 0 || other !== name) as [string, string][],
      5,
    )
    expect(terms.acknowledged.map(([acknowledged]) => acknowledged)).not.toContain(name)
    expect(terms.acknowledged.length).toBeGreaterThan(0)
  })

  test('[RFC2348] a block larger than there is comes down to 65464', () => {
    expect(agreeOnTerms([['blksize', '65535']], 5)).toMatchObject({
      blockSize: 65464,
      acknowledged: [['blksize', '65464']],
    })
    expect(agreeOnTerms([['blksize', '8']], 5)).toMatchObject({ blockSize: 8 })
  })

  test('[RFC2349-tsize] the size is left out when it is not known, and for an empty file, which curl would refuse', () => {
    expect(agreeOnTerms([['tsize', '0']], undefined).acknowledged).toEqual([])
    expect(agreeOnTerms([['tsize', '0']], 0).acknowledged).toEqual([])
    expect(agreeOnTerms([['tsize', '0']], 1).acknowledged).toEqual([['tsize', '1']])
  })

  test('[RFC2347-2] of an option given twice the first counts', () => {
    expect(
      agreeOnTerms(
        [
          ['blksize', '600'],
          ['BLKSIZE', '700'],
        ],
        5,
      ).acknowledged,
    ).toEqual([['blksize', '600']])
  })

  test('[RFC7440-3] a window is never larger than asked, nor than 64 packets and 128 KiB', () => {
    const options = fc.record({ block: fc.integer({ min: 8, max: 65464 }), window: fc.integer({ min: 1, max: 65535 }) })
    fc.assert(
      fc.property(options, ({ block, window }) => {
        const asked = [
          ['blksize', String(block)],
          ['windowsize', String(window)],
        ] as const
        const { blockSize, windowSize } = agreeOnTerms(asked, 5)
        expect(blockSize).toBe(block)
        expect(windowSize).toBeGreaterThanOrEqual(1)
        expect(windowSize).toBeLessThanOrEqual(Math.min(window, 64))
        expect(windowSize === 1 || windowSize * blockSize <= 131072).toBe(true)
      }),
    )
  })
})
