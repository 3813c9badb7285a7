import type { Author } from '../database/change.js'
import type { LineSetting, OriginLine } from '../provisioning/origins.js'
import type { AdminParts } from './parts.js'

type Place = Pick<LineSetting, 'key' | 'origin'>

/** Who set the settings that these lines come from, and when, by the audit log; each is looked up once. */
export async function whoSet(
  audit: AdminParts['audit'],
  lines: readonly Pick<OriginLine, 'settings'>[],
): Promise<(place: Place) => Author | undefined> {
  const found = new Map<string, Author>()
  const set = lines.flatMap(({ settings }) => settings).filter(({ origin }) => origin.layer !== 'shipped')
  for (const entityId of new Set(set.map(idOf))) {
    const [entry] = await audit({ entity: 'setting', entityId, limit: 1 })
    if (entry) found.set(entityId, entry)
  }
  return (place) => found.get(idOf(place))
}

/** As the audit log names a setting of an owner. */
const idOf = ({ key, origin }: Place): string => `${origin.layer}:${origin.owner}:${key}`
