import type { Databases } from '../../database/edge/connect.js'
import { systemClock } from '../../domain/edge/system-clock.js'
import { systemRandom } from '../../domain/edge/system-random.js'
import type { Id, Site } from '../../domain/entities.js'
import { localAddresses } from '../../network/edge/interfaces.js'
import type { SecretBox } from '../../secrets/seal.js'
import { sipDomainOf, softphonePlace, type PlaceParts, type SoftphonePlace } from '../place.js'
import { publishedAddresses, type OwnPorts, type PublishedAddress } from '../published.js'
import type { SoftphoneApps } from '../app.js'
import type { SoftphoneStore } from '../store.js'
import { createSoftphoneAdmin, type SoftphoneAdmin } from '../use-cases.js'
import { createKnexSoftphoneStore } from './knex-store.js'

export interface OpenSoftphonesOptions {
  databases: Pick<Databases, 'main'>
  secrets: SecretBox
  config: {
    softphones: PlaceParts['serves']
    published: PlaceParts['given']
    bind: 'all' | readonly string[]
    host?: string
    sipDomain?: string
    templatesDir?: string
  }
  /** All sites, as stored. */
  sites(): Promise<readonly Site[]>
  /** The site that PHONEBOOT_SIP_DOMAIN is about. */
  defaultSiteId: Id
  /** Those of the settings. */
  ports: OwnPorts
}

/** Softphones over an opened database, for server and command line alike. */
export interface Softphones {
  store: SoftphoneStore
  apps: () => Promise<SoftphoneApps>
  /** From now on codes and mails name the ports that the running server got. */
  listensOn(ports: OwnPorts): void
  addresses(): readonly PublishedAddress[]
  place(site: Pick<Site, 'id' | 'sipDomain'> | undefined): SoftphonePlace
  forSite(siteId: Id): SoftphoneAdmin
}

export function openSoftphones(options: OpenSoftphonesOptions): Softphones {
  const { databases, secrets, config, defaultSiteId } = options
  let { ports } = options
  const store = createKnexSoftphoneStore(databases.main)
  let loaded: Promise<SoftphoneApps> | undefined
  // Read when first asked for: most commands, and the start of the server, do without.
  const apps = (): Promise<SoftphoneApps> =>
    (loaded ??= import('./load-apps.js').then(({ loadSoftphoneApps }) => loadSoftphoneApps(config.templatesDir)))
  const place: Softphones['place'] = (site) =>
    softphonePlace({
      serves: config.softphones,
      given: config.published,
      host: ownHost(config),
      ports,
      sipDomain: sipDomainOf(site, defaultSiteId, config.sipDomain),
    })
  const addresses = (): readonly PublishedAddress[] => publishedAddresses(config.published, ownHost(config), ports)
  return {
    ...{ store, apps, addresses, place },
    listensOn: (known) => {
      ports = known
    },
    forSite: (siteId) =>
      createSoftphoneAdmin({
        ...{ store, secrets, clock: systemClock, random: systemRandom, siteId, apps, addresses },
        place: async () => place((await options.sites()).find(({ id }) => id === siteId)),
      }),
  }
}

/** PHONEBOOT_HOST, else the first address others can reach this machine by. */
function ownHost({ host, bind }: OpenSoftphonesOptions['config']): string {
  if (host !== undefined) return host.includes(':') ? `[${host}]` : host
  const present = localAddresses().filter(({ internal, address }) => !internal && !address.includes(':'))
  const first = bind === 'all' ? present[0]?.address : bind[0]
  return first?.includes(':') === true ? `[${first}]` : (first ?? '127.0.0.1')
}
