import type { Id } from '../domain/entities.js'
import type { LayerValues, Snapshot } from './snapshot.js'

/** All that is set for a person, then for the site, then for all: the first that has a value says it. */
export function personLayers(
  snapshot: Pick<Snapshot, 'layer'>,
  { siteId }: { siteId: Id },
  extensionId: Id | undefined,
): readonly LayerValues['values'][] {
  return [
    snapshot.layer('extension', extensionId ?? '').values,
    snapshot.layer('site', siteId).values,
    snapshot.layer('global', '').values,
  ]
}
