import type { z } from 'zod'
import { AppError, type Problem } from '../domain/errors.js'
import { createCatalog, type Catalog } from './catalog.js'
import { inheritManifest } from './inherit.js'
import { lintModels } from './lint.js'
import { familySchema, modelSchema, type PhoneModel } from './manifest.js'
import type { TemplateFolder } from './template-folder.js'

/**
 * Makes a catalogue from manifests: inherits, validates, lints. A manifest that comes later replaces an earlier one of
 * the same id, which is how the operator's override folder wins.
 * Throws TEMPLATES_INVALID with every problem found.
 */
export function assembleCatalog(folder: TemplateFolder): Catalog {
  const sources = new Map<string, Record<string, unknown>>()
  const fileOf = new Map<string, string>()
  const problems: Problem[] = []
  for (const { file, content } of folder.manifests) {
    const id = content.model ?? content.family
    if (typeof id !== 'string') {
      problems.push({ code: 'TEMPLATES_INVALID', file, message: `${file}: neither "family" nor "model" is given` })
      continue
    }
    const isFamily = content.model === undefined
    sources.set(id, isFamily ? { templates: id, ...content } : content)
    fileOf.set(id, file)
    if (isFamily) problems.push(...schemaProblems(familySchema, content, file))
  }
  const models: PhoneModel[] = []
  for (const [id, source] of sources) {
    if (source.model === undefined || source.abstract === true) continue
    const file = fileOf.get(id) ?? id
    try {
      const parsed = modelSchema.safeParse(inheritManifest(id, sources))
      if (parsed.success) models.push(parsed.data)
      else problems.push(...issues(parsed.error, file))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      problems.push({ code: 'TEMPLATES_INVALID', file, message: error.message })
    }
  }
  models.sort((a, b) => (a.model < b.model ? -1 : 1))
  const catalog = createCatalog({ models, templates: folder.templates, vocabularyText: folder.vocabularyText })
  problems.push(...lintModels(catalog))
  const [first] = problems
  if (first) throw new AppError('TEMPLATES_INVALID', first.message, { problems })
  return catalog
}

function schemaProblems(schema: z.ZodType, content: unknown, file: string): Problem[] {
  const parsed = schema.safeParse(content)
  return parsed.success ? [] : issues(parsed.error, file)
}

function issues(error: z.ZodError, file: string): Problem[] {
  return error.issues.map((issue) => ({
    code: 'TEMPLATES_INVALID' as const,
    file,
    message: `${file}: ${issue.path.join('.') || 'manifest'}: ${issue.message}`,
  }))
}
