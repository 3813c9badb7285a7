import { assembleCatalog } from '../../src/catalog/assemble.js'
import type { Catalog } from '../../src/catalog/catalog.js'
import { loadTemplateFolders, shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import type { PhoneModel } from '../../src/catalog/manifest.js'
import { parseTimeZones, type TimeZones } from '../../src/catalog/time-zones.js'
import { parseVocabulary, type Vocabulary } from '../../src/settings/vocabulary.js'

export interface ShippedPhones {
  catalog: Catalog
  vocabulary: Vocabulary
  zones: TimeZones
}

/** The phones of device-templates/, as the server loads them; with `more` folders laid over. */
export function loadPhones(...more: string[]): ShippedPhones {
  const folder = loadTemplateFolders([shippedTemplates(), ...more])
  return {
    catalog: assembleCatalog(folder),
    vocabulary: parseVocabulary(folder.vocabularyText),
    zones: parseTimeZones(folder.zonesText),
  }
}

/** A model that the test cannot do without. */
export function modelOf(catalog: Catalog, id: string): PhoneModel {
  const model = catalog.model(id)
  if (!model) throw new Error(`no model ${id}`)
  return model
}
