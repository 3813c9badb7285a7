import type { Id } from '../domain/entities.js'
import type { Snapshot } from './snapshot.js'

/** What is set for a site, else for all; undefined: nothing is. */
export function siteValue(snapshot: Pick<Snapshot, 'layer'>, siteId: Id, key: string): unknown {
  return snapshot.layer('site', siteId).values.get(key) ?? snapshot.layer('global', '').values.get(key)
}

/** IANA time zone of a site: what its settings say, or all sites'. */
export function siteZone(snapshot: Pick<Snapshot, 'layer'>, siteId: Id): string {
  return String(siteValue(snapshot, siteId, 'timezone') ?? 'Etc/UTC')
}
