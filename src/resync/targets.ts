import type { Catalog } from '../catalog/catalog.js'
import type { Binding } from '../domain/entities.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import type { ResyncKind } from './resync.js'

/** Value of the Event header that makes a phone of this model do it; undefined when the model is not known any more. */
export function eventFor(catalog: Pick<Catalog, 'model'>, device: DeviceRecord, kind: ResyncKind): string | undefined {
  return catalog.model(device.model)?.notify[kind]
}

/** A phone that answers on none of so many lines is off; each takes 32 seconds to find out. */
const MOST_WAYS = 2

/**
 * Bindings that this phone registered by its own lines, its first line first. Of one line only the newest: an older
 * one is what the phone left behind when it restarted. What other phones or softphones registered for the same people
 * is not among them.
 */
export function waysTo(device: DeviceRecord, byLine: ReadonlyMap<string, readonly Binding[]>): Binding[] {
  return device.lines
    .flatMap(({ id }) => {
      const newestFirst = [...(byLine.get(id) ?? [])].sort((a, b) => b.registeredAt - a.registeredAt)
      return newestFirst.slice(0, 1)
    })
    .slice(0, MOST_WAYS)
}

export function bindingsByLine(bindings: readonly Binding[]): Map<string, Binding[]> {
  const byLine = new Map<string, Binding[]>()
  for (const binding of bindings) {
    if (binding.lineId === undefined) continue
    const known = byLine.get(binding.lineId)
    if (known) known.push(binding)
    else byLine.set(binding.lineId, [binding])
  }
  return byLine
}
