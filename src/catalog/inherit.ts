import { AppError } from '../domain/errors.js'

type Tree = Record<string, unknown>

function isMap(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Lays a child manifest over its parent: maps merge, scalars and lists replace, `null` removes.
 * Inside a key's fields null is a value ("cleared") and stays: below `keyKinds`, `keyFields` and `words`.
 */
export function layOver(parent: Tree, child: Tree, nullIsValue = false): Tree {
  const merged: Tree = { ...parent }
  for (const [key, value] of Object.entries(child)) {
    const keepsNull = nullIsValue || ['keyKinds', 'keyFields', 'words'].includes(key)
    if (value === null && !nullIsValue) delete merged[key]
    else if (isMap(value) && isMap(merged[key])) merged[key] = layOver(merged[key], value, keepsNull)
    else merged[key] = value
  }
  return merged
}

const MAX_STEPS = 3

/**
 * Follows `extends` from a model up to its family and merges downwards.
 * @param sources every manifest by id: family name or model id
 * Throws TEMPLATES_INVALID for an unknown parent, a ring, or more than three steps.
 */
export function inheritManifest(id: string, sources: ReadonlyMap<string, Tree>): Tree {
  const chain: Tree[] = []
  const seen: string[] = []
  let next: string | undefined = id
  while (next !== undefined) {
    if (seen.includes(next))
      throw new AppError('TEMPLATES_INVALID', `${id}: extends runs in a ring: ${seen.join(' > ')}`)
    seen.push(next)
    const source = sources.get(next)
    if (!source) throw new AppError('TEMPLATES_INVALID', `${id}: extends unknown "${next}"`)
    chain.unshift(source)
    next = typeof source.extends === 'string' ? source.extends : undefined
  }
  if (chain.length > MAX_STEPS + 1) {
    throw new AppError('TEMPLATES_INVALID', `${id}: extends over more than ${MAX_STEPS} steps`)
  }
  // `abstract` and `samples` describe one manifest only.
  return chain.reduce((merged, source) => {
    const inherited = { ...merged }
    delete inherited.abstract
    delete inherited.samples
    return layOver(inherited, source)
  })
}
