import type { Site } from '../domain/entities.js'
import { normaliseAddress } from '../network/address.js'
import type { Flow } from '../sip/flow.js'
import type { SipUri } from '../sip/uri.js'
import type { Sites } from './accounts.js'

/** What else than site domains phones may call this server: host names and addresses, any case. */
export type OwnHosts = () => readonly string[]

/**
 * The site that a URI's host belongs to (decision 12): the one with that SIP domain; else, for an address of this
 * server or a name it is told by, the site that owns everything without a domain. Undefined: not ours. The port is
 * not looked at: phones write the one they reach us by.
 */
export function siteOf(uri: SipUri, flow: Pick<Flow, 'local'>, sites: Sites, ownHosts: OwnHosts): Site | undefined {
  const byDomain = sites.byDomain(uri.host)
  if (byDomain) return byDomain
  if (uri.host === flow.local.address) return sites.defaultSite()
  const address = normaliseAddress(uri.host)
  const own =
    address === undefined
      ? ownHosts().some((host) => host.toLowerCase() === uri.host)
      : address === flow.local.address || ownHosts().some((host) => normaliseAddress(host) === address)
  return own ? sites.defaultSite() : undefined
}
