import type { Id } from '../domain/entities.js'
import type { Snapshot } from './snapshot.js'

/**
 * Most registrations of one kind at once, by the person's own setting, else the site's, else that for all; undefined:
 * nobody set one.
 */
export function registrationLimit(
  snapshot: Pick<Snapshot, 'layer'>,
  { id, siteId }: { id: Id; siteId: Id },
  kind: 'maxRegistrations' | 'maxSoftphones',
): number | undefined {
  const layers = [snapshot.layer('extension', id), snapshot.layer('site', siteId), snapshot.layer('global', '')]
  const value = layers.find(({ values }) => values.has(kind))?.values.get(kind)
  return typeof value === 'number' ? value : undefined
}
