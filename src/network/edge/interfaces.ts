import { networkInterfaces } from 'node:os'
import type { Clock } from '../../domain/clock.js'
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

/** How old an answer may be, in milliseconds: interfaces come and go while the server runs. */
const FRESH_MS = 5_000

/** As `localAddresses`, for the path of requests: the operating system is asked at most once in 5 s. */
export function localAddressesNow(clock: Clock): () => readonly LocalAddress[] {
  let known = localAddresses()
  let knownAt = clock.now()
  return () => {
    const now = clock.now()
    if (now - knownAt >= FRESH_MS || now < knownAt) {
      known = localAddresses()
      knownAt = now
    }
    return known
  }
}
