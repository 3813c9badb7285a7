/** What is asked of a model; the catalog's models have it. */
export interface NamedModel {
  readonly model: string
  readonly name: string
  readonly family: string
  readonly match: { readonly model: string; readonly aliases?: readonly string[] | undefined }
}

const NOISE = /\b(?:sip|ip|phone|telefon|deskphone)\b/g

/**
 * Finds models by what people and other products call them: `yealink/t21p-e2`, `SIP-T21P_E2`, `Yealink T21P E2`, `T21P E2`
 * of the vendor Yealink. Undefined for a name that is nobody's, or that several vendors have.
 */
export function createModelFinder(
  models: readonly NamedModel[],
): (model: string, vendor: string) => string | undefined {
  const byName = new Map<string, Set<string>>()
  for (const { model, name, family, match } of models) {
    const own = model.slice(model.indexOf('/') + 1)
    for (const text of [own, name, match.model, ...(match.aliases ?? [])]) {
      for (const key of [bare(text, family), `${bare(family, '')}${bare(text, family)}`]) {
        const ids = byName.get(key) ?? new Set()
        byName.set(key, ids.add(model))
      }
    }
  }
  const ids = new Set(models.map(({ model }) => model))
  return (text, vendor) => {
    const exact = text.toLowerCase()
    if (ids.has(exact)) return exact
    const keys = vendor === '' ? [bare(text, '')] : [`${bare(vendor, '')}${bare(text, vendor)}`, bare(text, vendor)]
    for (const key of keys) {
      const found = byName.get(key)
      if (found?.size === 1) return [...found][0]
    }
    return undefined
  }
}

/** Letters and digits alone, without the vendor and words that every model has. */
function bare(text: string, vendor: string): string {
  return text
    .toLowerCase()
    .replaceAll('_', ' ')
    .replace(vendor.toLowerCase(), '')
    .replace(NOISE, '')
    .replace(/[^a-z0-9]/g, '')
}
