import { normaliseAddress } from './address.js'
import type { Networks } from './trust.js'

/** Where a request really came from, and whether that is proven. */
export interface PeerAddress {
  /** Normalised. */
  address: string
  /**
   * False when forwarding headers came from an address that is no trusted proxy, or when a trusted proxy named
   * something that is no address: then a stranger may stand behind a trusted address (decision 10).
   */
  proven: boolean
}

/** What a request says about whom it was forwarded for; undefined = the header is absent. */
export interface ForwardingHeaders {
  /** X-Forwarded-For, several fields joined by commas in order. */
  forwardedFor?: string | undefined
  /** True when any other forwarding header is there (see FORWARDING_HEADERS). */
  otherwiseForwarded: boolean
}

/** Headers (lower case) that only an intermediary adds: no phone sends them by itself. RFC 7239, RFC 9110 §7.6.3. */
export const FORWARDING_HEADERS: readonly string[] = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'via',
]

/**
 * Takes the peer's address from the socket and X-Forwarded-For, counted from the right: each trusted proxy vouches for
 * the entry left of it, the first address that is no proxy is the peer. What stands further left may be forged and is
 * not looked at. A trusted proxy that sends other forwarding headers but no X-Forwarded-For hides its client, so
 * nothing is proven then. Requests that a proxy makes by itself (no forwarding header at all) are its own.
 */
export function peerAddress(socketAddress: string, headers: ForwardingHeaders, proxies: Networks): PeerAddress {
  const { forwardedFor, otherwiseForwarded } = headers
  let address = normaliseAddress(socketAddress) ?? socketAddress
  if (forwardedFor === undefined && !otherwiseForwarded) return { address, proven: true }
  if (forwardedFor === undefined || !proxies.contains(address)) return { address, proven: false }
  const hops = forwardedFor.split(',')
  for (let hop = hops.pop(); hop !== undefined; hop = hops.pop()) {
    const next = addressOfHop(hop.trim())
    if (next === undefined) return { address, proven: false }
    address = next
    if (!proxies.contains(address)) return { address, proven: true }
  }
  return { address, proven: true }
}

/** An entry may carry a port: `192.0.2.1:1234`, `[2001:db8::1]:1234`. */
function addressOfHop(hop: string): string | undefined {
  const withPort = /^(\d+\.\d+\.\d+\.\d+|\[[^\]]+\]):\d{1,5}$/.exec(hop)
  return normaliseAddress(withPort?.[1] ?? hop)
}
