import type { Id } from '../domain/entities.js'
import { parseNetworks, type Networks } from '../network/trust.js'
import { manualRules } from '../settings/manual-sections.js'
import type { DeviceRecord, Snapshot } from './snapshot.js'

const KEY = 'allowedNetworks'
const READ = new WeakMap<object, Networks>()

/**
 * Networks that phones of this extension may come from, by its own setting, else its manual attributes, else its site's
 * setting, else that for all; undefined: any.
 */
export function allowedNetworks(
  snapshot: Pick<Snapshot, 'layer'>,
  { id, siteId }: { id: Id; siteId: Id },
): Networks | undefined {
  const own = snapshot.layer('extension', id).values
  if (!own.has(KEY) && own.size > 0) {
    const { networks } = manualRules(own)
    if (networks) return networks
  }
  const values = own.has(KEY) ? own : siteValues(snapshot, siteId)
  const list = values.get(KEY)
  if (!Array.isArray(list)) return undefined
  let networks = READ.get(list)
  if (!networks) {
    networks = parseNetworks(list.join(','), KEY)
    READ.set(list, networks)
  }
  return networks
}

/** Networks that a phone may come from: those of the person on its first line. */
export function phoneNetworks(snapshot: Snapshot, { lines }: DeviceRecord): Networks | undefined {
  const person = snapshot.extension(lines[0]?.extensionId ?? '')
  return person && allowedNetworks(snapshot, person)
}

function siteValues(snapshot: Pick<Snapshot, 'layer'>, siteId: Id): ReadonlyMap<string, unknown> {
  const site = snapshot.layer('site', siteId).values
  return site.has(KEY) ? site : snapshot.layer('global', '').values
}
