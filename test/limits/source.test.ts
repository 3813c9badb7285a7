import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { holds, sourceOf } from '../../src/limits/source.js'

describe('what is counted together', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7', '192.0.2.0/24'],
    ['2001:db8:1:2::7', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['fe80::1%eth0', 'fe80::/64', 'fe80::/48'],
  ])('%s counts as %s and in %s', (address, unit, network) => {
    expect(sourceOf(address)).toEqual({ unit, network })
    expect([unit, network].map((who) => holds(who, address))).toEqual([true, true])
  })

  test('another address, and another network, are not held', () => {
    expect(holds('192.0.2.7', '192.0.2.8')).toBe(false)
    expect(holds('192.0.2.0/24', '192.0.3.7')).toBe(false)
    expect(holds('2001:db8:1:2::/64', '2001:db8:1:3::1')).toBe(false)
  })

  test('all addresses of a /64 are one source', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const { unit } = sourceOf(text)
        return /\/64$/.test(unit) && sourceOf(unit.replace('/64', '')).unit === unit
      }),
    )
  })
})
