import type { Id } from '../domain/entities.js'
import { manualRules } from '../settings/manual-sections.js'
import { firstSet, personLayers } from './person-layers.js'
import type { Snapshot } from './snapshot.js'

/**
 * Most registrations of one kind at once, by the person's own setting, else his manual attributes, else the site's
 * setting, else that for all; undefined: nobody set one.
 */
export function registrationLimit(
  snapshot: Pick<Snapshot, 'layer'>,
  { id, siteId }: { id: Id; siteId: Id },
  kind: 'maxRegistrations' | 'maxSoftphones',
): number | undefined {
  const layers = personLayers(snapshot, { siteId }, id)
  const [own] = layers
  if (own && !own.has(kind) && kind === 'maxRegistrations') {
    const { maxContacts } = manualRules(own)
    if (maxContacts !== undefined) return maxContacts
  }
  const value = firstSet(layers, kind)
  return typeof value === 'number' ? value : undefined
}
