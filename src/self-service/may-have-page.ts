import type { Extension } from '../domain/entities.js'
import { firstSet } from '../snapshot/person-layers.js'

/**
 * May this person have the own page at all? Says the setting `clientLogin`.
 * @param layers values of the person, of the site and of all, the strongest first
 */
export function mayHaveOwnPage(
  layers: readonly ReadonlyMap<string, unknown>[],
  { enabled }: Pick<Extension, 'enabled'>,
): boolean {
  return enabled && firstSet(layers, 'clientLogin') !== false
}
