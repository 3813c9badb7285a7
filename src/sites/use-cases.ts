import type { Change } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import type { Id, Site } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId, type Random } from '../domain/random.js'
import type { SiteStore } from './store.js'

export interface SiteInput {
  /** Short name, for addresses and command lines. */
  slug: string
  name: string
  sipDomain?: string | undefined
}

/** What an owner may do with sites. */
export interface SiteAdmin {
  /** Oldest first. */
  list(): Promise<Site[]>
  /** Throws SITE_EXISTS, NAME_INVALID. */
  add(actor: string, input: SiteInput): Promise<Site>
}

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/
const DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/
const NAME_MAX = 80

export function createSiteAdmin({
  store,
  clock,
  random,
}: {
  store: SiteStore
  clock: Clock
  random: Random
}): SiteAdmin {
  return {
    list: () => store.list(),
    add: async (actor, input) => {
      const site = draftSite(newId(random, clock.now()), input)
      const { slug, name, sipDomain } = site
      const change: Change = {
        author: { actor, at: clock.now() },
        action: 'site.add',
        entity: 'site',
        entityId: site.id,
        after: { slug, name, ...(sipDomain === undefined ? {} : { sipDomain }) },
        feed: [{ topic: 'site', key: site.id }],
      }
      await store.insert(site, change)
      return site
    },
  }
}

function draftSite(id: Id, input: SiteInput): Site {
  const refuse = (field: string, what: string): AppError => new AppError('NAME_INVALID', `${field}: ${what}`, { field })
  const slug = input.slug.trim().toLowerCase()
  if (!SLUG.test(slug)) throw refuse('slug', '1 to 32 letters, digits and inner hyphens are wanted')
  const name = input.name.trim()
  if (name === '' || name.length > NAME_MAX || /[\u0000-\u001f\u007f]/.test(name)) {
    throw refuse('name', `1 to ${NAME_MAX} characters without control characters are wanted`)
  }
  const sipDomain = input.sipDomain?.trim().toLowerCase()
  if (sipDomain !== undefined && !DOMAIN.test(sipDomain)) throw refuse('sipDomain', 'a host name is wanted')
  return { id, slug, name, ...(sipDomain === undefined ? {} : { sipDomain }), revision: 1 }
}

export function siteExists(): AppError {
  return new AppError('SITE_EXISTS', 'there is a site with this short name or SIP domain already', { field: 'slug' })
}
