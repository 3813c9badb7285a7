import type { Config } from '../config.js'
import { addressFamily, normaliseAddress } from '../network/address.js'
import type { ProvisioningRequest } from '../provisioning/delivery.js'
import type { ServerAddress } from '../provisioning/file-view.js'
import { addressFor, type GivenAddress } from '../softphones/published.js'
import type { Ports } from './ports.js'

/**
 * What the phone behind a request is told: the address published for its network, PHONEBOOT_HOST, else the address it
 * reached (never a Host header).
 */
export function advertised(config: Config, ports: Ports, request: ProvisioningRequest): ServerAddress {
  const given = addressFor(config.published, request.peerAddress)
  if (given) return publishedTo(given, ports)
  return toldAddress(config.host ?? request.localAddress, ports)
}

/** What phones of single networks are told. */
export function publishedForPhones({ published }: Pick<Config, 'published'>, ports: Ports): ServerAddress[] {
  return published.filter(({ from }) => from.cidrs.length > 0).map((given) => publishedTo(given, ports))
}

function publishedTo({ host, ports: own }: GivenAddress, ports: Ports): ServerAddress {
  return {
    host,
    httpPort: own.http ?? ports.http,
    httpsPort: own.https ?? ports.https,
    tftpPort: ports.tftp,
    sipPort: own.sip ?? ports.sip,
    sipsPort: own.tls ?? ports.sips,
  }
}

/** The same for a host named otherwise. */
export function toldAddress(host: string, ports: Ports): ServerAddress {
  const literal = normaliseAddress(host)
  return {
    host: literal !== undefined && addressFamily(literal) === 6 ? `[${literal}]` : host,
    httpPort: ports.http,
    httpsPort: ports.https,
    tftpPort: ports.tftp,
    sipPort: ports.sip,
    sipsPort: ports.sips,
  }
}
