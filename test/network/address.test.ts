import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import {
  addressesToBind,
  addressOfEndpoint,
  formatEndpoint,
  normaliseAddress,
  parseEndpoint,
} from '../../src/network/address.js'

describe('normaliseAddress', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['[2001:DB8:0:0:0:0:0:1]', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['::1', '::1'],
  ])('%s is written %s', (text, expected) => {
    expect(normaliseAddress(text)).toBe(expected)
  })

  test.each(['', 'localhost', '192.0.2', '192.0.2.256', '010.0.0.1', '1:2', '3232235777', '0x7f.1', '[', '::ffff:'])(
    '%j is no address',
    (text) => {
      expect(normaliseAddress(text)).toBeUndefined()
    },
  )

  test('IPv4 is what ipaddr.js takes for four decimal numbers', () => {
    const number = fc.oneof(fc.nat(300).map(String), fc.stringMatching(/^[0-9.]{0,4}$/))
    fc.assert(
      fc.property(fc.array(number, { minLength: 2, maxLength: 6 }), (numbers) => {
        const text = numbers.join('.')
        expect(normaliseAddress(text)).toBe(ipaddr.IPv4.isValidFourPartDecimal(text) ? text : undefined)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('endpoints', () => {
  test('IPv6 stands in brackets', () => {
    expect(formatEndpoint({ address: '2001:db8::1', port: 69 })).toBe('[2001:db8::1]:69')
    expect(formatEndpoint({ address: '192.0.2.1', port: 69 })).toBe('192.0.2.1:69')
    expect(addressOfEndpoint('[2001:db8::1]:69')).toBe('2001:db8::1')
    expect(addressOfEndpoint('192.0.2.1')).toBe('192.0.2.1')
  })

  test('every formatted endpoint parses back', () => {
    const address = fc.oneof(
      fc.ipV4(),
      fc
        .ipV6()
        .map((text) => normaliseAddress(text))
        .filter((text) => text !== undefined),
    )
    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: 65535 }), (text, port) => {
        expect(parseEndpoint(formatEndpoint({ address: text, port }))).toEqual({ address: text, port })
        expect(addressOfEndpoint(formatEndpoint({ address: text, port }))).toBe(text)
      }),
    )
  })

  test('the default port serves where none is written', () => {
    expect(parseEndpoint('192.0.2.1', 5060)).toEqual({ address: '192.0.2.1', port: 5060 })
    expect(parseEndpoint('[::1]', 5060)).toEqual({ address: '::1', port: 5060 })
    expect(parseEndpoint('2001:db8::1', 5060)).toEqual({ address: '2001:db8::1', port: 5060 })
    expect(parseEndpoint('192.0.2.1')).toBeUndefined()
  })

  test.each(['', ':69', 'host:69', '192.0.2.1:', '192.0.2.1:65536', '[::1', '[::1]69', '192.0.2.1:6 9'])(
    '%j is refused',
    (text) => {
      expect(parseEndpoint(text, 1)).toBeUndefined()
    },
  )
})

describe('addressesToBind', () => {
  const present = ['127.0.0.1', '192.0.2.10', '::1', 'fe80::1', '2001:db8::10', '192.0.2.10'].map((address) => ({
    address,
    internal: false,
  }))

  test('all means each address once, without link-local IPv6', () => {
    expect(addressesToBind('all', present)).toEqual(['127.0.0.1', '192.0.2.10', '::1', '2001:db8::10'])
  })

  test('a wildcard means every address of its family', () => {
    expect(addressesToBind(['0.0.0.0'], present)).toEqual(['127.0.0.1', '192.0.2.10'])
    expect(addressesToBind(['::', '127.0.0.1'], present)).toEqual(['::1', '2001:db8::10', '127.0.0.1'])
  })

  test('named addresses are taken as they are, present or not', () => {
    expect(addressesToBind(['192.0.2.99', '::ffff:127.0.0.1'], present)).toEqual(['192.0.2.99', '127.0.0.1'])
  })

  test('a machine without IPv6 is no error', () => {
    expect(addressesToBind('all', [{ address: '127.0.0.1', internal: true }])).toEqual(['127.0.0.1'])
  })
})
