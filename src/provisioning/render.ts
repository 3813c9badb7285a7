import type { Catalog } from '../catalog/catalog.js'
import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import { AppError } from '../domain/errors.js'
import type { Secret } from '../domain/secret.js'
import type { Phonebook } from '../phonebook/people.js'
import type { Reader } from '../readers/index.js'
import type { FileView } from './file-view.js'
import { Sheet, type FileEntry } from './sheet.js'
import { createTemplates, type Template } from './template.js'

/** A rendered file: its bytes and every parameter as intended. */
export interface Rendered {
  body: Uint8Array
  entries: readonly FileEntry[]
}

export interface RenderInput {
  model: PhoneModel
  file: PhoneFile
  /** What the template sees: a phone's or model's, or a phonebook. */
  view: FileView | Phonebook
  /** Raw vendor parameters by name. */
  raw: ReadonlyMap<string, string | Secret>
  /** Shown instead of secrets; undefined for phones. */
  mask?: string
}

/** Renders a file. Throws TEMPLATE_* or RENDER_NOT_READABLE; a file that is returned is one the phone will understand. */
export type Renderer = (input: RenderInput) => Rendered

/**
 * A renderer over one catalogue. Templates are compiled on first use and kept; a catalogue never changes.
 * Every file is read back by the vendor's independent reader before it is handed out.
 * @param options.templatesAreProven all of them were compiled before, when the program was built
 */
export function createRenderer(
  catalog: Catalog,
  readers: Readonly<Record<string, Reader>>,
  { templatesAreProven = false } = {},
): Renderer {
  let compile: ReturnType<typeof createTemplates> | undefined
  const compiled = new Map<string, Template>()
  // A mistake in a template is told when the server starts, not when the first phone asks.
  for (const { model } of templatesAreProven ? [] : catalog.models()) {
    const phonebook = catalog.phonebook(model)
    for (const { template } of [...catalog.files(model), ...(phonebook ? [phonebook] : [])]) {
      if (template !== undefined) templateOf(template)
    }
  }
  function templateOf(path: string): Template {
    const known = compiled.get(path)
    if (known) return known
    const source = catalog.template(path)
    if (source === undefined) throw new AppError('TEMPLATES_INVALID', `template ${path} does not exist`)
    compile ??= createTemplates(catalog.partials())
    const template = compile(source, path)
    compiled.set(path, template)
    return template
  }
  return ({ model, file, view, raw, mask }) => {
    const where = `${model.model} ${file.key}`
    const reader = readers[file.reader]
    if (file.template === undefined || !reader) {
      throw new AppError('TEMPLATES_INVALID', `${where}: file without template or reader`)
    }
    const template = templateOf(file.template)
    const sheet = new Sheet({ file, words: model.words, raw })
    const body = Buffer.from(template(view, sheet), 'utf8')
    const problem = differenceFrom(sheet.entries, reader, body)
    if (problem !== undefined) throw new AppError('RENDER_NOT_READABLE', `${where}: ${problem}`)
    if (mask === undefined) return { body, entries: sheet.entries }
    // For people only: a phone might not understand a file whose secrets all look alike.
    const masked = new Sheet({ file, words: model.words, raw, mask })
    return { body: Buffer.from(template(view, masked), 'utf8'), entries: masked.entries }
  }
}

/** Where what a phone would read differs from what was intended; names parameters, never values. */
function differenceFrom(intended: readonly FileEntry[], reader: Reader, body: Uint8Array): string | undefined {
  const read = reader(body)
  if (!read.ok) return `line ${read.line}: ${read.reason}`
  if (read.entries.length !== intended.length) {
    return `${intended.length} parameters were written and ${read.entries.length} read back`
  }
  let index = 0
  for (const entry of intended) {
    const back = read.entries[index]
    index += 1
    if (back?.name !== entry.name) return `parameter ${index}: ${entry.name} read back as ${back?.name}`
    if (back.value !== entry.value) return `${entry.name}: the value reads back differently`
    if (!sameAttributes(back.attributes, entry.attributes)) return `${entry.name}: the attributes read back differently`
  }
  return undefined
}

function sameAttributes(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  if (a === b) return true
  let count = 0
  for (const key in a) {
    if (a[key] !== b[key]) return false
    count += 1
  }
  return count === Object.keys(b).length
}
