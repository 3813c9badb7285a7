import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { assembleCatalog } from '../../catalog/assemble.js'
import { loadTemplateFolders } from '../../catalog/edge/load-folder.js'
import { parseTimeZones } from '../../catalog/time-zones.js'
import { AppError } from '../../domain/errors.js'
import { READERS } from '../../readers/index.js'
import { checkSetting, parseVocabulary } from '../../settings/vocabulary.js'
import { parseGiven, renderExample, type ExampleParts, type Given } from '../example.js'
import { createRenderer } from '../render.js'

/** What became of one example. */
export interface ExampleCase {
  /** `yealink/t21p-e2/minimal` */
  name: string
  model: string
  /** Empty when every file came out byte for byte. */
  problems: string[]
}

/**
 * Runs `<root>/<model>/examples/<case>/`: `given.yaml` is rendered and compared with `expect/<file>` byte for byte, or
 * with the error code in `expect.error`.
 * @param roots template folders, the shipped one first
 * @param options.update write what came out instead of comparing; `only` a model id or family
 */
export function checkExamples(
  roots: readonly string[],
  options: { update?: boolean; only?: string } = {},
): { models: string[]; cases: ExampleCase[] } {
  const folder = loadTemplateFolders(roots)
  const catalog = assembleCatalog(folder)
  const parts: ExampleParts = {
    catalog,
    vocabulary: parseVocabulary(folder.vocabularyText),
    zones: parseTimeZones(folder.zonesText),
    render: createRenderer(catalog, READERS),
  }
  const { only } = options
  const models = catalog
    .models()
    .map(({ model }) => model)
    .filter((model) => only === undefined || model === only || model.startsWith(`${only}/`))
  const cases = models.flatMap((model) =>
    roots.flatMap((root) => {
      const examples = join(root, model, 'examples')
      const names = existsSync(examples) ? readdirSync(examples).sort() : []
      return names.map((name) => ({
        name: `${model}/${name}`,
        model,
        problems: checkCase(parts, model, join(examples, name), options.update ?? false),
      }))
    }),
  )
  return { models, cases }
}

function checkCase(parts: ExampleParts, modelId: string, folder: string, update: boolean): string[] {
  const errorFile = join(folder, 'expect.error')
  const outcome = render(parts, modelId, folder)
  if (typeof outcome === 'string') {
    const expected = existsSync(errorFile) ? readFileSync(errorFile, 'utf8').trim() : 'files'
    return outcome.startsWith(expected) ? [] : [`expected ${expected}, got ${outcome}`]
  }
  if (existsSync(errorFile)) return [`expected ${readFileSync(errorFile, 'utf8').trim()}, got files`]
  const expectFolder = join(folder, 'expect')
  if (update) writeExpected(expectFolder, outcome)
  return compare(expectFolder, outcome)
}

function render(parts: ExampleParts, modelId: string, folder: string): Map<string, Uint8Array> | string {
  const model = parts.catalog.model(modelId)
  if (!model) return `MODEL_UNKNOWN: ${modelId}`
  try {
    const given = parseGiven(parse(readFileSync(join(folder, 'given.yaml'), 'utf8')), folder)
    checkGiven(parts, given)
    return renderExample(parts, model, given)
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message}`
    throw error
  }
}

function checkGiven(parts: ExampleParts, given: Given): void {
  for (const [key, value] of Object.entries(given.settings)) {
    const layer = parts.vocabulary.get(key)?.layers[0] ?? 'global'
    given.settings[key] = checkSetting(parts.vocabulary, key, layer, value)
  }
}

function writeExpected(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, body] of files) writeFileSync(join(folder, name), body)
}

function compare(folder: string, files: ReadonlyMap<string, Uint8Array>): string[] {
  const expected = existsSync(folder) ? readdirSync(folder) : []
  const problems = expected.filter((name) => !files.has(name)).map((name) => `${name}: expected, but not written`)
  for (const [name, body] of files) {
    if (!expected.includes(name)) problems.push(`${name}: written, but expect/ has no such file`)
    else {
      const difference = firstDifference(readFileSync(join(folder, name), 'utf8'), Buffer.from(body).toString('utf8'))
      if (difference) problems.push(`${name}: ${difference}`)
    }
  }
  return problems
}

function firstDifference(expected: string, actual: string): string | undefined {
  if (expected === actual) return undefined
  const [want, got] = [expected.split('\n'), actual.split('\n')]
  const line = want.findIndex((text, index) => text !== got[index])
  const at = line < 0 ? want.length : line
  return `line ${at + 1}: expected "${want[at] ?? '(end)'}", got "${got[at] ?? '(end)'}"`
}
