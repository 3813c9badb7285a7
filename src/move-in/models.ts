import { requireModel, type Catalog } from '../catalog/catalog.js'
import { formatMac, requireMac, type Mac } from '../domain/mac-address.js'

/** What is known of phones, beside what is told now. */
export interface KnownModels {
  /** The model of a phone that is here already, or as it said itself when it called here. */
  of(mac: Mac): string | undefined
}

/**
 * A phone's model: as told now, as known, or the one told for all phones of its vendor.
 * @param told `family/model`, or `mac=family/model` for one phone
 * @throws AppError MODEL_UNKNOWN, MAC_INVALID
 */
export function modelFinder(
  catalog: Catalog,
  told: readonly string[],
  known: KnownModels,
): (mac: Mac) => string | undefined {
  const byMac = new Map<Mac, string>()
  const byFamily = new Map<string, string>()
  for (const text of told) {
    const [model = '', mac] = text.includes('=') ? text.split('=', 2).reverse() : [text]
    const { family } = requireModel(catalog, model)
    if (mac === undefined) byFamily.set(family, model)
    else byMac.set(requireMac(mac), model)
  }
  return (mac) => byMac.get(mac) ?? known.of(mac) ?? familyDefault(catalog, byFamily, mac)
}

/** Every model that was named for its family; the files of a phone tell which family it is of. */
function familyDefault(catalog: Catalog, byFamily: ReadonlyMap<string, string>, mac: Mac): string | undefined {
  const prefix = formatMac(mac).slice(0, 8)
  for (const [family, model] of byFamily) {
    const known = catalog.models().find((one) => one.family === family)
    if (known?.oui.some((oui) => oui.toLowerCase() === prefix)) return model
  }
  return byFamily.size === 1 ? [...byFamily.values()][0] : undefined
}

/** Of zones that phones cannot tell apart, these are named: the site's, this machine's, and those of the largest cities. */
export function usualZones(ofSite: unknown, here: string): string[] {
  return [
    ...(typeof ofSite === 'string' ? [ofSite] : []),
    here,
    ...['Europe/Berlin', 'Europe/London', 'Europe/Athens', 'Europe/Moscow'],
    ...['America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles', 'America/Sao_Paulo'],
    ...['Asia/Shanghai', 'Asia/Tokyo', 'Asia/Kolkata', 'Australia/Sydney'],
  ]
}
