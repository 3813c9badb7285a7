import { networkInterfaces } from 'node:os'
import type { LocalAddress } from '../trust.js'

/** Every address of this machine with its subnet, in the order of the operating system. */
export function localAddresses(): LocalAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address, cidr, family, internal }) => ({
      address,
      // An interface whose mask is no prefix has no CIDR: then only the address itself is told.
      prefixLength: Number(cidr?.split('/')[1] ?? (family === 'IPv4' ? 32 : 128)),
      internal,
    })),
  )
}
