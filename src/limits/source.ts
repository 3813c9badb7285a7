import ipaddr from 'ipaddr.js'

/** What is counted and banned together. An IPv6 subscriber has a whole /64, so its single addresses mean nothing. */
export interface Source {
  /** An IPv4 address, or an IPv6 /64 as `2001:db8::/64`. */
  readonly unit: string
  /** The /24 or /48 around it, as `192.0.2.0/24`. */
  readonly network: string
}

/**
 * The source an address belongs to.
 * @param address normalised (`network/address.ts`)
 */
export function sourceOf(address: string): Source {
  if (!address.includes(':')) {
    return { unit: address, network: `${address.slice(0, address.lastIndexOf('.'))}.0/24` }
  }
  const parts = ipv6Parts(address)
  return { unit: prefixOf(parts, 4), network: prefixOf(parts, 3) }
}

/** Does the unit or network `who` hold this address? */
export function holds(who: string, address: string): boolean {
  if (who === address) return true
  if (!who.includes('/')) return false
  const { unit, network } = sourceOf(address)
  return who === unit || who === network
}

function ipv6Parts(address: string): number[] {
  const bare = address.replace(/%.*$/, '')
  return ipaddr.IPv6.isValid(bare) ? ipaddr.IPv6.parse(bare).parts : []
}

function prefixOf(parts: readonly number[], groups: number): string {
  const kept = Array.from({ length: 8 }, (_, i) => (i < groups ? (parts[i] ?? 0) : 0))
  return `${new ipaddr.IPv6(kept).toRFC5952String()}/${groups * 16}`
}
