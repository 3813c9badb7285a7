import type { Config } from '../config.js'
import { addressFamily, normaliseAddress } from '../network/address.js'
import type { ProvisioningRequest } from '../provisioning/delivery.js'
import type { ServerAddress } from '../provisioning/file-view.js'
import type { Ports } from './ports.js'

/** What the phone behind a request is told: PHONEBOOT_HOST, else the address it reached (never a Host header). */
export function advertised(config: Config, ports: Ports, request: ProvisioningRequest): ServerAddress {
  return toldAddress(config.host ?? request.localAddress, ports)
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
