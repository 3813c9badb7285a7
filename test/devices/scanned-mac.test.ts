import { expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { macInScan } from '../../src/devices/scanned-mac.js'
import { LABELS } from '../support/labels.js'

const MAKERS = ['805ec0', '000413', 'c074ad', '001565']

test.each(LABELS)('what a scanner types is read: %s', (read, mac) => {
  expect(macInScan(read, MAKERS)).toBe(mac)
})

test('twelve digits that stand alone are taken as they are: somebody typed them', () => {
  expect(macInScan('001565123456', [])).toBe('001565123456')
})

test('any text is read in a moment, and what comes is an address', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-fmMAC:; .-]{0,200}$/))
  fc.assert(
    fc.property(text, (typed) => {
      expect(macInScan(typed, MAKERS) ?? '000413000000').toMatch(/^[0-9a-f]{12}$/)
    }),
  )
})
