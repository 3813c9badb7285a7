import { AppError } from '../domain/errors.js'
import { NO_NETWORKS, parseNetworks, type Networks } from '../network/trust.js'

/** A name under which this server is known, with its ports as seen from there. */
export interface PublishedAddress {
  /** As people call it: `office`, `internet`. */
  name: string
  /** Host name or address; IPv6 in brackets. */
  host: string
  sipPort: number
  /** SIP over TLS; absent: not offered. */
  tlsPort?: number
  httpPort: number
  httpsPort: number
}

/** As written in PHONEBOOT_PUBLISHED_ADDRESSES; ports that are absent are the server's own. */
export interface GivenAddress {
  name: string
  host: string
  ports: Readonly<Partial<Record<'sip' | 'tls' | 'http' | 'https', number>>>
  /** Desk phones there are told this address. */
  from: Networks
}

const ENTRY =
  /^([A-Za-z0-9][\w-]{0,31})\s*=\s*([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])((?:\s+\w+:\S+)*)$/

/** Ports that the listeners have. */
export interface OwnPorts {
  sip: number
  /** Absent or 0: SIP over TLS is not offered. */
  sips?: number
  http: number
  https: number
}

/**
 * Reads `office=10.0.0.5 from:10.0.0.0/16, internet=pbx.example.com https:443 sip:5060`.
 * @throws AppError CONFIG_INVALID naming the entry
 */
export function parsePublished(text: string, field: string): GivenAddress[] {
  const entries = text
    .split(/[,;\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const found = entries.map((entry): GivenAddress => {
    const [, name = '', host = '', rest = ''] = ENTRY.exec(entry) ?? []
    if (name === '') throw invalid(field, `"${entry.slice(0, 60)}" is no published address`)
    const networks = [...rest.matchAll(/\sfrom:(\S+)/g)].map(([, network = '']) => network)
    const from = networks.length === 0 ? NO_NETWORKS : parseNetworks(networks.join(' '), field)
    return { name, host, ports: parsePorts(rest.replace(/\sfrom:\S+/g, ''), field), from }
  })
  const names = new Set(found.map(({ name }) => name))
  if (names.size !== found.length) throw invalid(field, 'a name is there twice')
  return found
}

function parsePorts(text: string, field: string): GivenAddress['ports'] {
  const ports: Partial<Record<'sip' | 'tls' | 'http' | 'https', number>> = {}
  for (const [, kind = '', digits = ''] of text.matchAll(/(\w+):(\S+)/g)) {
    const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0
    if (kind !== 'sip' && kind !== 'tls' && kind !== 'http' && kind !== 'https') {
      throw invalid(field, `"${kind}" is no kind of port`)
    }
    if (port < 1 || port > 65_535) throw invalid(field, `${kind}:${digits} is no port`)
    ports[kind] = port
  }
  return ports
}

function invalid(field: string, what: string): AppError {
  return new AppError('CONFIG_INVALID', `${field}: ${what}`, {
    field,
    hint: 'Write name=host, parted by commas, with ports that differ and networks of desk phones: office=10.0.0.5 from:10.0.0.0/16, internet=pbx.example.com https:443',
  })
}

/** The addresses with their ports; without a list one, `default`, at the host that phones are told. */
export function publishedAddresses(
  given: readonly GivenAddress[],
  host: string,
  own: OwnPorts,
): readonly PublishedAddress[] {
  const list = given.length > 0 ? given : [{ name: 'default', host, ports: {}, from: NO_NETWORKS }]
  return list.map(({ name, host: at, ports }) => {
    const tlsPort = ports.tls ?? (own.sips === 0 ? undefined : own.sips)
    return {
      name,
      host: at,
      sipPort: ports.sip ?? own.sip,
      ...(tlsPort === undefined ? {} : { tlsPort }),
      httpPort: ports.http ?? own.http,
      httpsPort: ports.https ?? own.https,
    }
  })
}

/** The address that desk phones in this network are told; undefined: none is given for it. */
export function addressFor(given: readonly GivenAddress[], peer: string): GivenAddress | undefined {
  return given.find(({ from }) => from.contains(peer))
}

/** The address of this name; the first one when it is not there any more. Throws REQUEST_INVALID when there is none. */
export function addressNamed(addresses: readonly PublishedAddress[], name: string): PublishedAddress {
  const found = addresses.find((one) => one.name === name) ?? addresses[0]
  if (!found) throw new AppError('REQUEST_INVALID', 'no address is published', { field: 'address' })
  return found
}

/** `https://host:port`, without the port that the scheme has anyway. */
export function baseUrl({ host, httpPort, httpsPort }: PublishedAddress, scheme: 'http' | 'https'): string {
  const [port, usual] = scheme === 'https' ? [httpsPort, 443] : [httpPort, 80]
  return `${scheme}://${host}${port === usual ? '' : `:${port}`}`
}
