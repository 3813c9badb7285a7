import ipaddr from 'ipaddr.js'
import type { Endpoint } from './udp.js'

/** Four decimal numbers without leading zeros. Each request asks for it, so it is not left to a parser. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/**
 * The one spelling of an IP address: IPv4-mapped IPv6 (`::ffff:192.0.2.1`) becomes IPv4, brackets go, IPv6 is
 * written as RFC 5952 has it (a zone stays). @returns undefined when the text is no IP address.
 */
export function normaliseAddress(text: string): string | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (IPV4.test(bare)) return bare
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return undefined
  const address = ipaddr.IPv6.parse(bare)
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String()
}

/** 6 for text that holds a colon, as every IPv6 address does and no IPv4 address. */
export function addressFamily(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4
}

/** True for 127.0.0.0/8 and ::1, in any spelling. */
export function isLoopback(address: string): boolean {
  const normal = normaliseAddress(address)
  return normal !== undefined && ipaddr.parse(normal).range() === 'loopback'
}

/** `192.0.2.1:69`, `[2001:db8::1]:69`. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return addressFamily(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
}

/**
 * Reads `192.0.2.1:69`, `[2001:db8::1]:69`, and both without a port where `defaultPort` is given.
 * @returns undefined when the address is none, or the port is missing or outside 0-65535.
 */
export function parseEndpoint(text: string, defaultPort?: number): Endpoint | undefined {
  const bracketed = text.startsWith('[') ? /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) : null
  const plain = bracketed ? null : /^([\d.]+)(?::(\d{1,5}))?$/.exec(text)
  const bareIpv6 = !bracketed && !plain && defaultPort !== undefined ? [text, text] : undefined
  const found = bracketed ?? plain ?? bareIpv6
  const address = normaliseAddress(found?.[1] ?? '')
  const port = found?.[2] === undefined ? defaultPort : Number(found[2])
  if (address === undefined || port === undefined || port > 65535) return undefined
  return { address, port }
}

/** The address in what `formatEndpoint` made of a normalised one: ten thousand are read in a few milliseconds. */
export function addressOfEndpoint(formatted: string): string {
  const end = formatted.lastIndexOf(':')
  if (end === -1) return formatted
  return formatted.startsWith('[') ? formatted.slice(1, end - 1) : formatted.slice(0, end)
}

/** One address of a network interface, as the operating system lists it. */
export interface InterfaceAddress {
  address: string
  internal: boolean
}

/** What to listen on: every address of the machine, or these (`0.0.0.0` = every IPv4, `::` = every IPv6 address). */
export type Bind = 'all' | readonly string[]

/**
 * The addresses to open a socket on, each once, in the order of the interfaces.
 * Link-local IPv6 is left out: it means nothing without a zone, and no phone is ever told such an address.
 */
export function addressesToBind(bind: Bind, present: readonly InterfaceAddress[]): string[] {
  const local = present
    .map(({ address }) => normaliseAddress(address))
    .filter((address) => address !== undefined)
    .filter((address) => !isLinkLocalIpv6(address))
  const wanted = bind === 'all' ? local : bind.flatMap((text) => expand(normaliseAddress(text) ?? text, local))
  return [...new Set(wanted)]
}

function expand(address: string, local: readonly string[]): string[] {
  if (address === '0.0.0.0') return local.filter((one) => addressFamily(one) === 4)
  if (address === '::') return local.filter((one) => addressFamily(one) === 6)
  return [address]
}

function isLinkLocalIpv6(address: string): boolean {
  return /^fe[89ab]/i.test(address) && address.includes(':')
}
