import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, YAMLParseError } from 'yaml'
import { AppError } from '../../domain/errors.js'
import type { ManifestSource, TemplateFolder } from '../assemble.js'

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
 * Only `*.yaml` manifests and `*.hbs` templates are looked at, `examples/` is left out; symbolic links are not followed.
 * Throws TEMPLATES_INVALID naming file and line of a YAML mistake, or a folder that cannot be read.
 */
export function loadTemplateFolders(roots: readonly string[]): TemplateFolder {
  const manifests: ManifestSource[] = []
  const templates = new Map<string, string>()
  let vocabularyText = ''
  let zonesText = ''
  for (const root of roots) {
    for (const path of filesBelow(root)) {
      const name = relative(root, path).split(sep).join('/')
      if (name === 'vocabulary.yaml') vocabularyText = readFileSync(path, 'utf8')
      else if (name === 'time-zones.yaml') zonesText = readFileSync(path, 'utf8')
      else if (/(^|\/)(family|model)\.yaml$/.test(name)) manifests.push({ file: name, content: readYaml(path, name) })
      else if (name.endsWith('.hbs')) templates.set(name, readFileSync(path, 'utf8'))
    }
  }
  return { manifests, templates, vocabularyText, zonesText }
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

function readYaml(path: string, name: string): Record<string, unknown> {
  try {
    const content: unknown = parse(readFileSync(path, 'utf8'))
    if (typeof content === 'object' && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    throw new AppError('TEMPLATES_INVALID', `${name}: ${error.message.split('\n')[0]}`)
  }
  throw new AppError('TEMPLATES_INVALID', `${name}: a manifest is a map of fields`)
}
