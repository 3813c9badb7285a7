import type { Extension } from '../domain/entities.js'
import { hidesFeature } from '../settings/hidden-features.js'
import { firstSet } from '../snapshot/person-layers.js'

/**
 * May this person have the own page at all? The site may hide own pages (setting `hiddenFeatures`), and the person may be
 * without one (`clientLogin`).
 * @param layers values of the person, of the site and of all, the strongest first
 */
export function mayHaveOwnPage(
  layers: readonly ReadonlyMap<string, unknown>[],
  { enabled }: Pick<Extension, 'enabled'>,
): boolean {
  const isHidden = hidesFeature(firstSet(layers, 'hiddenFeatures'), 'own-pages')
  return enabled && !isHidden && firstSet(layers, 'clientLogin') !== false
}
