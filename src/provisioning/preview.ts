import { nameOfFile, PHONEBOOK_FILE, type Catalog } from '../catalog/catalog.js'
import type { PhoneModel } from '../catalog/manifest.js'
import { AppError } from '../domain/errors.js'
import type { DeviceRecord, ListedSnapshot } from '../snapshot/snapshot.js'
import type { ServerAddress } from './file-view.js'
import { phonebookFileOf, renderPhonebook } from './phonebook-files.js'
import type { Renderer } from './render.js'
import { buildDeviceView, buildModelView, type ViewSources } from './view.js'

/** What stands in place of every secret. */
const MASK = '********'

export interface PreviewSources {
  catalog: Catalog
  render: Renderer
  /** What views are built from. */
  viewSources: ViewSources
  /** Where a phone is told to find the server; `host`: as if it had reached it under this name. */
  serverAddress(host?: string): ServerAddress
}

/** With everybody, for phonebooks. */
export interface FilePreviewSources extends PreviewSources {
  snapshot: ListedSnapshot
}

/** A file as a phone would get it now. */
export interface PreviewedFile {
  name: string
  text: string
}

/** Throws MODEL_UNKNOWN when the model has left the catalogue. */
export function requireCatalogModel(catalog: Catalog, modelId: string): PhoneModel {
  const model = catalog.model(modelId)
  if (!model) throw new AppError('MODEL_UNKNOWN', `${modelId} is not in the catalogue any more`, { field: 'model' })
  return model
}

/** Names of the files the phone gets, in the order of its manifest, then its phonebook. */
export function fileNamesOf(sources: Pick<FilePreviewSources, 'catalog' | 'snapshot'>, device: DeviceRecord): string[] {
  const names = configNamesOf(sources.catalog, device)
  return phonebookFileOf(sources, device) ? [...names, PHONEBOOK_FILE] : names
}

/** Names of the configs the phone gets, in the order of its manifest. */
export function configNamesOf(catalog: Catalog, device: DeviceRecord): string[] {
  const model = requireCatalogModel(catalog, device.model)
  return catalog
    .files(model.model)
    .filter((file) => !file.expectedMiss)
    .flatMap((file) => nameOfFile(model, file, device.mac) ?? [])
}

/** One file as the phone would get it now, its phonebook too. As `previewFiles`. */
export function previewFile(
  sources: FilePreviewSources,
  device: DeviceRecord,
  options: { wanted: string; host?: string | undefined; secrets?: boolean },
): PreviewedFile | undefined {
  const { snapshot, render, viewSources } = sources
  const phonebook = options.wanted.toLowerCase() === PHONEBOOK_FILE ? phonebookFileOf(sources, device) : undefined
  if (!phonebook) return previewFiles(sources, device, options)[0]
  const { vocabulary } = viewSources
  const body = renderPhonebook({ snapshot, vocabulary, render }, phonebook, device.siteId)
  return { name: PHONEBOOK_FILE, text: new TextDecoder().decode(body) }
}

/**
 * The configs a phone would get now, secrets masked unless asked for. `wanted`: only this file, in any case.
 * Throws MODEL_UNKNOWN, FILE_NOT_FOUND, and what rendering throws.
 */
export function previewFiles(
  { catalog, render, viewSources, serverAddress }: PreviewSources,
  device: DeviceRecord,
  { wanted, host, secrets = false }: { wanted?: string | undefined; host?: string | undefined; secrets?: boolean },
): PreviewedFile[] {
  const model = requireCatalogModel(catalog, device.model)
  const server = serverAddress(host)
  const shown: PreviewedFile[] = []
  for (const file of catalog.files(model.model)) {
    const name = nameOfFile(model, file, device.mac)
    if (file.expectedMiss || name === undefined) continue
    if (wanted !== undefined && name.toLowerCase() !== wanted.toLowerCase()) continue
    const { view, raw } =
      file.scope === 'device'
        ? buildDeviceView(viewSources, model, device, server)
        : buildModelView(viewSources, model, server)
    const rendered = render({ model, file, view, raw, ...(secrets ? {} : { mask: MASK }) })
    shown.push({ name, text: new TextDecoder().decode(rendered.body) })
  }
  if (shown.length > 0) return shown
  throw new AppError('FILE_NOT_FOUND', `${(wanted ?? '').slice(0, 80)} is not a file of this phone`, {
    field: 'file',
    hint: `It gets ${configNamesOf(catalog, device).join(', ')}`,
  })
}
