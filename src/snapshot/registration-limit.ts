import type { Id } from '../domain/entities.js'
import { manualRules, type ManualRules } from '../settings/manual-sections.js'
import type { Snapshot } from './snapshot.js'

const NONE: ManualRules = {}

/**
 * Most registrations of one kind at once, by the person's own setting, else his manual attributes, else the site's
 * setting, else that for all; undefined: nobody set one.
 */
export function registrationLimit(
  snapshot: Pick<Snapshot, 'layer'>,
  { id, siteId }: { id: Id; siteId: Id },
  kind: 'maxRegistrations' | 'maxSoftphones',
): number | undefined {
  const own = snapshot.layer('extension', id)
  const { maxContacts } = own.values.has(kind) || kind !== 'maxRegistrations' ? NONE : manualRules(own.values)
  if (maxContacts !== undefined) return maxContacts
  const layers = [own, snapshot.layer('site', siteId), snapshot.layer('global', '')]
  const value = layers.find(({ values }) => values.has(kind))?.values.get(kind)
  return typeof value === 'number' ? value : undefined
}
