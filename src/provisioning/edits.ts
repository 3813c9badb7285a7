import type { Layer } from '../domain/entities.js'
import { Secret, type Sealed } from '../domain/secret.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { LayerValues, Snapshot } from '../snapshot/snapshot.js'
import type { ViewSources } from './view.js'

/** A value that somebody thinks of setting; without `value` (or undefined) the layer is to say nothing any more. */
export interface LayerEdit {
  readonly layer: Layer
  /** As in SettingValue. */
  readonly owner: string
  readonly key: string
  readonly value?: unknown
}

/** What views would be built from if the edits were saved. Nothing is changed. */
export function withEdits(sources: ViewSources, edits: readonly LayerEdit[]): ViewSources {
  const { snapshot } = sources
  const edited = new Map<string, LayerValues>()
  const clear = new Map<string, string>()
  for (const { layer, owner, key, value } of edits) {
    const id = `${layer}:${owner}`
    const known = edited.get(id) ?? snapshot.layer(layer, owner)
    const values = new Map(known.values)
    if (value === undefined) values.delete(key)
    else values.set(key, value)
    edited.set(id, { ...known, revision: known.revision + 1, values })
    // A password that was only typed is not sealed yet.
    if (typeof value === 'string') clear.set(SEAL_CONTEXTS.settingValue(layer, owner, key), value)
  }
  return {
    ...sources,
    snapshot: overlaid(snapshot, (layer, owner) => edited.get(`${layer}:${owner}`)),
    open: (sealed: Sealed, context: string): Secret => {
      const typed = clear.get(context)
      return typed === undefined ? sources.open(sealed, context) : new Secret(typed)
    },
  }
}

/** The same domain with other values at some layers. */
function overlaid(snapshot: Snapshot, edited: (layer: Layer, owner: string) => LayerValues | undefined): Snapshot {
  const version = {}
  const layer: Snapshot['layer'] = (of, owner) => edited(of, owner) ?? snapshot.layer(of, owner)
  return new Proxy(snapshot, {
    get: (target, name) => {
      if (name === 'layer') return layer
      if (name === 'version') return version
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}
