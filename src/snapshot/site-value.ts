import type { Id } from '../domain/entities.js'
import { firstSet } from './person-layers.js'
import type { Snapshot } from './snapshot.js'

/** What is set for a site, else for all: null where the site clears what is set for all; undefined: nothing is. */
export function siteValue(snapshot: Pick<Snapshot, 'layer'>, siteId: Id, key: string): unknown {
  return firstSet([snapshot.layer('site', siteId).values, snapshot.layer('global', '').values], key)
}

/** IANA time zone of a site: what its settings say, or all sites'. */
export function siteZone(snapshot: Pick<Snapshot, 'layer'>, siteId: Id): string {
  return String(siteValue(snapshot, siteId, 'timezone') ?? 'Etc/UTC')
}
