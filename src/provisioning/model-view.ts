import type { PhoneModel } from '../catalog/manifest.js'
import type { FileView, LineView } from './file-view.js'

interface Fixed {
  model: FileView['model']
  eras: Map<string, FileView['era']>
  unused: WeakMap<object, Map<number, LineView>>
}

const FIXED = new WeakMap<PhoneModel, Fixed>()

/** What is the same for all phones of a model, made once, so that what is written of it can be kept. */
export function fixedOfModel(model: PhoneModel): Fixed {
  const known = FIXED.get(model)
  if (known) return known
  const { model: id, name, match, lines, capabilities = {} } = model
  const fixed: Fixed = {
    model: { id, name, token: match.model, lines, capabilities },
    eras: new Map(),
    unused: new WeakMap(),
  }
  FIXED.set(model, fixed)
  return fixed
}

/** Model and era of phones whose firmware is of these generations. */
export function fixedOf(
  model: PhoneModel,
  lowest: number,
  highest: number,
): { fixed: FileView['model']; era: FileView['era'] } {
  const { model: fixed, eras } = fixedOfModel(model)
  const key = `${lowest} ${highest}`
  const known = eras.get(key)
  if (known) return { fixed, era: known }
  const era: Record<string, boolean> = {}
  for (const [name, { min = 0, max = Infinity }] of Object.entries(model.eras))
    era[name] = lowest <= max && highest >= min
  eras.set(key, era)
  return { fixed, era }
}
