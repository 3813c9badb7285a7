import ipaddr from 'ipaddr.js'
import { AppError } from '../domain/errors.js'
import { normaliseAddress } from './address.js'

type Parsed = ipaddr.IPv4 | ipaddr.IPv6
type Range = [Parsed, number]

/** An address of this machine with the length of its subnet's prefix in bits. */
export interface LocalAddress {
  address: string
  prefixLength: number
  internal: boolean
}

/** A list of networks. */
export interface Networks {
  /** In canonical spelling, for people. */
  readonly cidrs: readonly string[]
  /** False for text that is no IP address. IPv4-mapped addresses count as IPv4; a zone (`%eth0`) is ignored. */
  contains(address: string): boolean
}

/** Who may do what by network alone (decision 10). */
export interface NetworkTrust {
  /** A phone there gets its config for the MAC in the file name. */
  readonly trusted: Networks
  /** Reverse proxies whose X-Forwarded-For is believed. */
  readonly proxies: Networks
  /** Exempt from every throttle and ban. */
  readonly unlimited: Networks
}

const LOOPBACK = ['127.0.0.0/8', '::1/128']
/** RFC 1918, RFC 3927, RFC 4193, RFC 4291 §2.5.6: addresses that are not routed through the Internet. */
const PRIVATE_BLOCKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10']

/** Answers kept for each list of networks. */
const ADDRESSES_REMEMBERED = 10_000

/** No network at all. */
export const NO_NETWORKS: Networks = { cidrs: [], contains: () => false }

/**
 * Reads a list of networks and single addresses, parted by commas or blanks: `10.0.0.0/8, 2001:db8::/32 192.0.2.7`.
 * Empty text and `none` mean no network.
 * @param field name of the setting, for the error
 * @throws AppError CONFIG_INVALID naming the part that is no network
 */
export function parseNetworks(text: string, field: string): Networks {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '')
  if (parts.length === 1 && parts[0]?.toLowerCase() === 'none') return NO_NETWORKS
  return networksOf(parts.map((part) => parseRange(part, field)))
}

/**
 * The networks trusted when nobody said otherwise: loopback and the private subnets that this machine has an address
 * in. A public subnet is never among them, nor a prefix wider than the private block it lies in.
 */
export function defaultTrustedNetworks(present: readonly LocalAddress[]): Networks {
  const blocks = PRIVATE_BLOCKS.map((cidr) => parseRange(cidr, ''))
  const connected = present.flatMap(({ address, prefixLength, internal }): Range[] => {
    const parsed = parseAddress(address)
    if (internal || !parsed) return []
    const inside = blocks.some((block) => matches(parsed, block) && prefixLength >= block[1])
    return inside ? [[parsed, prefixLength]] : []
  })
  return networksOf([...LOOPBACK.map((cidr) => parseRange(cidr, '')), ...connected])
}

/** The three lists from the text of their settings; undefined means the default. @throws AppError CONFIG_INVALID */
export function networkTrust(
  settings: { trusted?: string | undefined; proxies?: string | undefined; unlimited?: string | undefined },
  present: readonly LocalAddress[],
): NetworkTrust {
  return {
    trusted:
      settings.trusted === undefined
        ? defaultTrustedNetworks(present)
        : parseNetworks(settings.trusted, 'PHONEBOOT_TRUSTED_NETWORKS'),
    proxies: parseNetworks(settings.proxies ?? '', 'PHONEBOOT_TRUSTED_PROXIES'),
    unlimited: parseNetworks(settings.unlimited ?? '', 'PHONEBOOT_UNLIMITED_NETWORKS'),
  }
}

function networksOf(ranges: readonly Range[]): Networks {
  const cidrs = [...new Set(ranges.map(canonical))]
  const kept = cidrs.map((cidr): Range => ipaddr.parseCIDR(cidr))
  // Phones ask again and again; reading an address costs more than the rest of the question.
  let asked = new Map<string, boolean>()
  return {
    cidrs,
    contains: (address) => {
      const known = asked.get(address)
      if (known !== undefined) return known
      const parsed = parseAddress(address)
      const found = parsed !== undefined && kept.some((range) => matches(parsed, range))
      if (asked.size >= ADDRESSES_REMEMBERED) asked = new Map()
      asked.set(address, found)
      return found
    },
  }
}

function matches(address: Parsed, [network, prefixLength]: Range): boolean {
  return address.kind() === network.kind() && address.match(network as ipaddr.IPv4 & ipaddr.IPv6, prefixLength)
}

function parseAddress(text: string): Parsed | undefined {
  const normal = normaliseAddress(text.replace(/%.*$/, ''))
  return normal === undefined ? undefined : ipaddr.parse(normal)
}

function parseRange(text: string, field: string): Range {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const parsed = parseAddress(address)
  const mapped = parsed?.kind() === 'ipv4' && address.includes(':')
  const bits = parsed?.kind() === 'ipv4' ? 32 : 128
  const prefixLength = prefix === undefined ? bits : Number(prefix) - (mapped ? 96 : 0)
  if (!parsed || address.includes('%') || prefixLength < 0 || prefixLength > bits) {
    throw new AppError('CONFIG_INVALID', `${field}: "${text.slice(0, 60)}" is not a network`, {
      field,
      hint: 'Write networks as 192.168.10.0/24 or 2001:db8::/32, parted by commas, or "none"',
    })
  }
  return [parsed, prefixLength]
}

function canonical([address, prefixLength]: Range): string {
  const cidr = `${address.toString()}/${prefixLength}`
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()
      : ipaddr.IPv6.networkAddressFromCIDR(cidr).toRFC5952String()
  return `${network}/${prefixLength}`
}
