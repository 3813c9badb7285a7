import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { peerAddress } from '../../src/network/peer-address.js'
import { NO_NETWORKS, parseNetworks } from '../../src/network/trust.js'

const proxies = parseNetworks('10.0.0.0/24, 2001:db8:f::/48', 'PHONEBOOT_TRUSTED_PROXIES')
const none = { otherwiseForwarded: false }

describe('the address of the peer', () => {
  test('is the address of the socket, normalised, when nothing was forwarded', () => {
    expect(peerAddress('::ffff:192.168.1.5', none, NO_NETWORKS)).toEqual({ address: '192.168.1.5', proven: true })
    expect(peerAddress('10.0.0.1', none, proxies)).toEqual({ address: '10.0.0.1', proven: true })
  })

  test('forwarding headers from an address that is no trusted proxy prove nothing', () => {
    const headers = { forwardedFor: '192.168.1.9', otherwiseForwarded: false }
    expect(peerAddress('192.168.1.5', headers, proxies)).toEqual({ address: '192.168.1.5', proven: false })
    expect(peerAddress('127.0.0.1', { otherwiseForwarded: true }, NO_NETWORKS).proven).toBe(false)
  })

  test('X-Forwarded-For is counted from the right through trusted proxies', () => {
    const through = (forwardedFor: string, from = '10.0.0.1'): unknown =>
      peerAddress(from, { forwardedFor, otherwiseForwarded: true }, proxies)
    expect(through('198.51.100.7')).toEqual({ address: '198.51.100.7', proven: true })
    expect(through('127.0.0.1, 198.51.100.7')).toEqual({ address: '198.51.100.7', proven: true })
    expect(through('198.51.100.7, 10.0.0.2')).toEqual({ address: '198.51.100.7', proven: true })
    expect(through('[2001:db8::9]:4711,2001:db8:f::1')).toEqual({ address: '2001:db8::9', proven: true })
    expect(through('198.51.100.7:4711')).toEqual({ address: '198.51.100.7', proven: true })
    expect(through('10.0.0.3, 10.0.0.2')).toEqual({ address: '10.0.0.3', proven: true })
  })

  test('a proxy that hides its client, or names no address, proves nothing', () => {
    expect(peerAddress('10.0.0.1', { otherwiseForwarded: true }, proxies).proven).toBe(false)
    for (const forwardedFor of ['', 'unknown', '_hidden', '198.51.100.7,', '198.51.100.7, for=1']) {
      expect(peerAddress('10.0.0.1', { forwardedFor, otherwiseForwarded: false }, proxies).proven).toBe(false)
    }
  })

  test('nothing a client writes left of its own address changes the answer', () => {
    fc.assert(
      fc.property(fc.string(), (forged) => {
        const headers = { forwardedFor: `${forged}, 198.51.100.7`, otherwiseForwarded: true }
        expect(peerAddress('10.0.0.1', headers, proxies)).toEqual({ address: '198.51.100.7', proven: true })
      }),
    )
  })
})
