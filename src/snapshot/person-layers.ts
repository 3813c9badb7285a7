import type { Id } from '../domain/entities.js'
import type { LayerValues, Snapshot } from './snapshot.js'

/** All that is set for a person, then for the site, then for all; `firstSet` reads it. */
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

/** What the first of these layers says that says anything, the strongest first; undefined: none does. */
export function firstSet(layers: readonly LayerValues['values'][], key: string): unknown {
  return layers.find((values) => values.has(key))?.get(key)
}
