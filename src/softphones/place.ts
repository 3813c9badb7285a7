import type { Id } from '../domain/entities.js'
import {
  addressNamed,
  baseUrl,
  publishedAddresses,
  type GivenAddress,
  type OwnPorts,
  type PublishedAddress,
} from './published.js'

/** Where the server is reached; asked anew each time, for ports and settings are known late. */
export interface SoftphonePlace {
  addresses(): readonly PublishedAddress[]
  /** Domain of the site's addresses of record; undefined: the host an app is told. */
  sipDomain: string | undefined
  /** Digest realm of the site. */
  realm: string
  /** Codes may lead to `http://`. */
  allowsHttp: boolean
  /** False: the phones' listeners do not serve set-ups. */
  serves: boolean
  /** Beginning of addresses of ours, by the name of a published address. */
  base(address: string, scheme: 'http' | 'https'): string
}

/** What the place of a site is made of. */
export interface PlaceParts {
  /** PHONEBOOT_SOFTPHONES. */
  serves: 'off' | 'https' | 'http-trusted' | 'http'
  given: readonly GivenAddress[]
  /** Host told where none is published by name. */
  host: string
  ports: OwnPorts
  /** The site's own SIP domain; PHONEBOOT_SIP_DOMAIN for the default site. */
  sipDomain: string | undefined
}

export function softphonePlace({ serves, given, host, ports, sipDomain }: PlaceParts): SoftphonePlace {
  const addresses = publishedAddresses(given, host, ports)
  return {
    addresses: () => addresses,
    sipDomain,
    realm: sipDomain ?? 'phoneboot',
    allowsHttp: serves === 'http' || serves === 'http-trusted',
    serves: serves !== 'off',
    base: (name, scheme) => baseUrl(addressNamed(addresses, name), scheme),
  }
}

/** The SIP domain of a site as the registrar sees it. */
export function sipDomainOf(
  site: { id: Id; sipDomain?: string } | undefined,
  defaultSiteId: Id,
  ofDefaultSite: string | undefined,
): string | undefined {
  return site?.id === defaultSiteId && ofDefaultSite !== undefined ? ofDefaultSite : site?.sipDomain
}
