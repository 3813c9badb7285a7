import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assembleCatalog } from './catalog/assemble.js'
import { createCatalog, type Catalog } from './catalog/catalog.js'
import { parseSources, readSources, shippedTemplates } from './catalog/edge/load-folder.js'
import type { PhoneModel } from './catalog/manifest.js'
import { layFolders, sourcesDigest, type TemplateFolder } from './catalog/template-folder.js'
import { parseTimeZones, type TimeZones } from './catalog/time-zones.js'
import { sha256Hex } from './domain/fingerprint.js'
import type { Config } from './config.js'
import { createRenderer, type Renderer } from './provisioning/render.js'
import { READERS } from './readers/index.js'
import { parseVocabulary, type Vocabulary } from './settings/vocabulary.js'

/** Phones, vocabulary and time zones, as data. */
export interface PhoneData {
  catalog: Catalog
  vocabulary: Vocabulary
  zones: TimeZones
  render: Renderer
  /** True: as the build stored it. False: some file is another one since, or there is a folder of the operator's. */
  asBuilt: boolean
  /** Of all of it: another one as soon as a file came, went or changed. */
  digest: string
}

type EntriesOf<T> = T extends ReadonlyMap<infer K, infer V> ? readonly (readonly [K, V])[] : never

/** device-templates/ read, checked and ready to use, as the build stores it (decision record 0011). */
interface CompiledPhones {
  /** Digest of the sources it was made from: others on disk, and it is not used. */
  sources: string
  folder: Omit<TemplateFolder, 'templates'> & { templates: EntriesOf<TemplateFolder['templates']> }
  models: readonly PhoneModel[]
  vocabulary: EntriesOf<Vocabulary>
  zones: EntriesOf<TimeZones>
}

/** SHA-256 of dist/phones.json, which `build.mjs` writes into the program; undefined when it runs from its modules. */
declare const PHONEBOOT_PHONES_SHA256: string | undefined

/** Folders of phone data: ours, then the operator's over it. Throws TEMPLATES_INVALID. */
export function templateRoots(config: Pick<Config, 'templatesDir'>): string[] {
  return [shippedTemplates(), ...(config.templatesDir === undefined ? [] : [config.templatesDir])]
}

/** Phone data, checked: now, or when the program was built and nothing changed since. Throws TEMPLATES_INVALID. */
export function loadPhoneData({ templatesDir }: Pick<Config, 'templatesDir'>): PhoneData {
  const root = shippedTemplates()
  const sources = readSources(root)
  const shippedDigest = sourcesDigest(sources)
  const compiled = readCompiled(root, shippedDigest)
  if (compiled && templatesDir === undefined) {
    const catalog = createCatalog({ ...compiled.folder, ...compiled })
    const render = createRenderer(catalog, READERS, { templatesAreProven: true })
    const { vocabulary, zones } = compiled
    return {
      ...{ catalog, vocabulary: new Map(vocabulary), zones: new Map(zones) },
      ...{ render, asBuilt: true, digest: shippedDigest },
    }
  }
  const shipped = compiled?.folder ?? parseSources(sources)
  const ownSources = templatesDir === undefined ? undefined : readSources(templatesDir)
  const own = ownSources ? [parseSources(ownSources)] : []
  const folder = layFolders([shipped, ...own])
  const catalog = assembleCatalog(folder)
  const sameZones = compiled?.folder.zonesText === folder.zonesText
  return {
    catalog,
    vocabulary: parseVocabulary(folder.vocabularyText),
    zones: compiled && sameZones ? new Map(compiled.zones) : parseTimeZones(folder.zonesText),
    render: createRenderer(catalog, READERS),
    asBuilt: false,
    digest: ownSources ? sha256Hex(`${shippedDigest} ${sourcesDigest(ownSources)}`) : shippedDigest,
  }
}

/**
 * The text of dist/phones.json, for build.mjs. Throws TEMPLATES_INVALID: what a build stores is proven.
 * @public
 */
export function compilePhoneData(): string {
  const sources = readSources(shippedTemplates())
  const folder = parseSources(sources)
  const catalog = assembleCatalog(folder)
  createRenderer(catalog, READERS)
  const compiled: CompiledPhones = {
    sources: sourcesDigest(sources),
    folder: { ...folder, templates: [...folder.templates] },
    models: catalog.models(),
    vocabulary: [...parseVocabulary(folder.vocabularyText)],
    zones: [...parseTimeZones(folder.zonesText)],
  }
  return JSON.stringify(compiled)
}

/** What the build stored, when it is of this very build and of these sources. */
function readCompiled(
  root: string,
  sources: string,
): (Omit<CompiledPhones, 'folder'> & { folder: TemplateFolder }) | undefined {
  if (typeof PHONEBOOT_PHONES_SHA256 === 'undefined') return undefined
  const text = readIfThere(join(root, '..', 'dist', 'phones.json'))
  if (text === undefined || sha256Hex(text) !== PHONEBOOT_PHONES_SHA256) return undefined
  const compiled = JSON.parse(text) as CompiledPhones
  if (compiled.sources !== sources) return undefined
  return { ...compiled, folder: { ...compiled.folder, templates: new Map(compiled.folder.templates) } }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
