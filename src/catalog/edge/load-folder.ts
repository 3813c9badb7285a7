import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, YAMLParseError } from 'yaml'
import { AppError } from '../../domain/errors.js'
import { layFolders, type TemplateFolder, type TemplateSources } from '../template-folder.js'

/** The phones shipped with phoneboot: `device-templates/` beside package.json, from src as well as from dist. */
export function shippedTemplates(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    const candidate = join(folder, 'device-templates')
    if (statSync(join(candidate, 'vocabulary.yaml'), { throwIfNoEntry: false })) return candidate
    const parent = dirname(folder)
    if (parent === folder) throw new AppError('TEMPLATES_INVALID', 'device-templates/ was not found beside the program')
    folder = parent
  }
}

/**
 * Reads template folders, later ones over earlier ones: the shipped folder, then the operator's.
 * Throws TEMPLATES_INVALID naming file and line of a YAML mistake, or a folder that cannot be read.
 */
export function loadTemplateFolders(roots: readonly string[]): TemplateFolder {
  return layFolders(roots.map((root) => parseSources(readSources(root))))
}

/**
 * The text of every file that phone data is made from, by path relative to `root`: `*.yaml` manifests and `*.hbs`
 * templates; `examples/` is left out, symbolic links are not followed. Throws TEMPLATES_INVALID.
 */
export function readSources(root: string): TemplateSources {
  const sources = new Map<string, string>()
  for (const path of filesBelow(root)) {
    const name = relative(root, path).split(sep).join('/')
    if (isSource(name)) sources.set(name, readFileSync(path, 'utf8'))
  }
  return sources
}

const MANIFEST = /(^|\/)(family|model)\.yaml$/

function isSource(name: string): boolean {
  return name === 'vocabulary.yaml' || name === 'time-zones.yaml' || MANIFEST.test(name) || name.endsWith('.hbs')
}

/** Throws TEMPLATES_INVALID naming file and line of a YAML mistake. */
export function parseSources(sources: TemplateSources): TemplateFolder {
  const files = [...sources]
  return {
    manifests: files
      .filter(([name]) => MANIFEST.test(name))
      .map(([file, text]) => ({ file, content: parseYaml(text, file) })),
    templates: new Map(files.filter(([name]) => name.endsWith('.hbs'))),
    vocabularyText: sources.get('vocabulary.yaml') ?? '',
    zonesText: sources.get('time-zones.yaml') ?? '',
  }
}

function filesBelow(folder: string): string[] {
  let names
  try {
    names = readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    throw new AppError('TEMPLATES_INVALID', `${folder}: the folder cannot be read`, {}, { cause: error })
  }
  return names
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return entry.name === 'examples' ? [] : filesBelow(path)
      return entry.isFile() ? [path] : []
    })
}

function parseYaml(text: string, name: string): Record<string, unknown> {
  try {
    const content: unknown = parse(text)
    if (typeof content === 'object' && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    throw new AppError('TEMPLATES_INVALID', `${name}: ${error.message.split('\n')[0]}`)
  }
  throw new AppError('TEMPLATES_INVALID', `${name}: a manifest is a map of fields`)
}
