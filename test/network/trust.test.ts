import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { AppError } from '../../src/domain/errors.js'
import { defaultTrustedNetworks, networkTrust, parseNetworks } from '../../src/network/trust.js'

const octet = fc.integer({ min: 0, max: 255 })
const ipv4 = fc.tuple(octet, octet, octet, octet)

/** An independent reading of CIDR: compares bits as text. */
function inside(address: readonly number[], network: readonly number[], prefix: number): boolean {
  const bits = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits(address).slice(0, prefix) === bits(network).slice(0, prefix)
}

describe('parseNetworks', () => {
  test('reads IPv4, IPv6 and single addresses, parted by commas or blanks, in canonical spelling', () => {
    const networks = parseNetworks(' 10.1.2.3/8,2001:DB8:0::1/32  192.0.2.7,, ::1 ', 'X')
    expect(networks.cidrs).toEqual(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7/32', '::1/128'])
    for (const address of ['10.9.9.9', '2001:db8:1::5', '192.0.2.7', '::1']) {
      expect(networks.contains(address)).toBe(true)
    }
    for (const address of ['11.0.0.1', '2001:db9::1', '192.0.2.8', '::2', '', 'phone', '10.1', '010.1.1.1']) {
      expect(networks.contains(address)).toBe(false)
    }
  })

  test('an IPv4-mapped address counts as IPv4, in the list and in the question', () => {
    expect(parseNetworks('10.0.0.0/8', 'X').contains('::ffff:10.1.2.3')).toBe(true)
    expect(parseNetworks('::ffff:10.0.0.0/104', 'X').cidrs).toEqual(['10.0.0.0/8'])
    expect(parseNetworks('::/0', 'X').contains('10.1.2.3')).toBe(false)
  })

  test('a zone is ignored in the question', () => {
    expect(parseNetworks('fe80::/10', 'X').contains('fe80::1%eth0')).toBe(true)
  })

  test('empty text and "none" mean no network', () => {
    for (const text of ['', ' ', 'none', 'NONE']) {
      expect(parseNetworks(text, 'X').cidrs).toEqual([])
      expect(parseNetworks(text, 'X').contains('127.0.0.1')).toBe(false)
    }
  })

  test.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0/8',
    'lan',
    '10.0.0.0/8/8',
    'fe80::1%eth0/64',
    '::ffff:1.2.3.4/8',
  ])('%s is refused by name', (text) => {
    const read = (): unknown => parseNetworks(`192.168.0.0/16,${text}`, 'PHONEBOOT_TRUSTED_NETWORKS')
    expect(read).toThrow(AppError)
    expect(read).toThrow(text)
    expect(read).toThrow('PHONEBOOT_TRUSTED_NETWORKS')
  })

  test('membership is equality of the first prefix bits', () => {
    fc.assert(
      fc.property(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), fc.boolean(), (address, network, prefix, near) => {
        const asked = near ? [...network.slice(0, 3), address[3]] : address
        const networks = parseNetworks(`${network.join('.')}/${prefix}`, 'X')
        expect(networks.contains(asked.join('.'))).toBe(inside(asked, network, prefix))
      }),
    )
  })
})

describe('default trust', () => {
  const present = [
    { address: '127.0.0.1', prefixLength: 8, internal: true },
    { address: '192.168.7.20', prefixLength: 24, internal: false },
    { address: '203.0.113.5', prefixLength: 24, internal: false },
    { address: '10.4.0.9', prefixLength: 22, internal: false },
    { address: 'fd00:1::20', prefixLength: 64, internal: false },
    { address: 'fe80::1', prefixLength: 64, internal: false },
    { address: '2001:db8::20', prefixLength: 64, internal: false },
  ]

  test('is loopback and the directly connected private subnets', () => {
    expect(defaultTrustedNetworks(present).cidrs).toEqual([
      '127.0.0.0/8',
      '::1/128',
      '192.168.7.0/24',
      '10.4.0.0/22',
      'fd00:1::/64',
      'fe80::/64',
    ])
  })

  test('never holds a neighbour subnet, a public subnet or a prefix wider than the private block', () => {
    const wide = defaultTrustedNetworks([...present, { address: '10.0.0.1', prefixLength: 4, internal: false }])
    for (const address of ['192.168.8.1', '203.0.113.6', '11.0.0.1', '2001:db8::21', '10.8.0.1']) {
      expect(wide.contains(address)).toBe(false)
    }
  })

  test('a setting replaces the default, proxies and unlimited networks are none by default', () => {
    const byDefault = networkTrust({}, present)
    expect(byDefault.trusted.contains('192.168.7.1')).toBe(true)
    expect(byDefault.proxies.cidrs).toEqual([])
    expect(byDefault.unlimited.cidrs).toEqual([])
    const set = networkTrust({ trusted: '198.51.100.0/24', proxies: '10.0.0.1', unlimited: '::1' }, present)
    expect(set.trusted.cidrs).toEqual(['198.51.100.0/24'])
    expect(set.proxies.contains('10.0.0.1')).toBe(true)
    expect(set.unlimited.contains('::1')).toBe(true)
    expect(networkTrust({ trusted: '' }, present).trusted.contains('127.0.0.1')).toBe(false)
  })
})
