import { sha256Hex } from '../domain/fingerprint.js'

/** A manifest as read from disk. */
export interface ManifestSource {
  /** Path relative to its templates root, `yealink/t21p-e2/model.yaml`, for messages. */
  file: string
  content: Record<string, unknown>
}

/** What a folder of phone data holds. */
export interface TemplateFolder {
  manifests: readonly ManifestSource[]
  /** Template text by path relative to the templates root. */
  templates: ReadonlyMap<string, string>
  vocabularyText: string
  zonesText: string
}

/** The text of files of a folder of phone data, by path relative to its root. */
export type TemplateSources = ReadonlyMap<string, string>

/** Lays folders over each other, later ones over earlier ones; their manifests are told apart by assembleCatalog. */
export function layFolders(folders: readonly TemplateFolder[]): TemplateFolder {
  return {
    manifests: folders.flatMap(({ manifests }) => manifests),
    templates: new Map(folders.flatMap(({ templates }) => [...templates])),
    vocabularyText: folders.findLast(({ vocabularyText }) => vocabularyText !== '')?.vocabularyText ?? '',
    zonesText: folders.findLast(({ zonesText }) => zonesText !== '')?.zonesText ?? '',
  }
}

/** SHA-256 over names and texts: another one as soon as a file came, went or changed. */
export function sourcesDigest(sources: TemplateSources): string {
  return sha256Hex(JSON.stringify([...sources].sort(([a], [b]) => (a < b ? -1 : 1))))
}
