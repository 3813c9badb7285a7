import type { Id } from '../domain/entities.js'
import { addressNamed, baseUrl, publishedAddresses, type GivenAddress, type OwnPorts } from './published.js'
import type { SoftphonePlace } from './use-cases.js'

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
