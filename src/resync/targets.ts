import type { Catalog } from '../catalog/catalog.js'
import type { Binding } from '../domain/entities.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import type { ResyncKind } from './resync.js'

/** Value of the Event header that makes a phone of this model do it; undefined when the model is not known any more. */
export function eventFor(catalog: Pick<Catalog, 'model'>, device: DeviceRecord, kind: ResyncKind): string | undefined {
  return catalog.model(device.model)?.notify[kind]
}

/**
 * Bindings that this phone registered by its own lines, the best way to it first: its first line, and of one line the
 * newest. What other phones or softphones registered for the same people is not among them.
 */
export function waysTo(device: DeviceRecord, byLine: ReadonlyMap<string, readonly Binding[]>): Binding[] {
  return device.lines.flatMap(({ id }) =>
    [...(byLine.get(id) ?? [])].sort((a, b) => b.registeredAt - a.registeredAt || b.expiresAt - a.expiresAt),
  )
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
