/** Hosts .1 to .254 of the networks 127.1.0.0/24 to 127.254.255.0/24. */
const HOSTS = 254
const THIRD_OCTETS = 256
const SECOND_OCTETS = 254

/** The loopback address of the n-th simulated phone (from 0), one each up to 16 million; it never is 127.0.0.x. */
export function loopbackAddress(n: number): string {
  const host = (n % HOSTS) + 1
  const third = Math.floor(n / HOSTS) % THIRD_OCTETS
  const second = (Math.floor(n / (HOSTS * THIRD_OCTETS)) % SECOND_OCTETS) + 1
  return `127.${second}.${third}.${host}`
}
