import { AppError } from '../domain/errors.js'
import { Secret } from '../domain/secret.js'
import type { KeyField, PhoneFile } from '../catalog/manifest.js'
import { ESCAPES } from './escape.js'

/** One parameter as intended, before it is escaped. */
export interface FileEntry {
  name: string
  attributes: Readonly<Record<string, string>>
  value: string
  secret: boolean
  /** Where the value came from: a raw override, or what the template says. */
  raw: boolean
}

export interface SheetOptions {
  file: PhoneFile
  words: Readonly<Record<string, Readonly<Record<string, KeyField>>>>
  /** Raw vendor parameters by name, `name#idx` for parameters with an index attribute. */
  raw: ReadonlyMap<string, string | Secret>
  /** Show this instead of every secret; undefined: the secret itself. */
  mask?: string
}

/** The form of one parameter, taken apart once: literal text, and the names of what stands between. */
interface EntryForm {
  readonly pieces: readonly { literal: string; part?: 'name' | 'attributes' | 'value' }[]
  /** It ends with a value, or with a blank. */
  readonly mayEndBlank: boolean
}

const FORMS = new WeakMap<PhoneFile, EntryForm>()

function entryForm(file: PhoneFile): EntryForm {
  const known = FORMS.get(file)
  if (known) return known
  const pieces = file.entry.split(/\{(name|attributes|value)\}/)
  const form: EntryForm = {
    pieces: Array.from({ length: Math.ceil(pieces.length / 2) }, (_, index) => {
      const part = pieces[2 * index + 1] as 'name' | 'attributes' | 'value' | undefined
      return { literal: pieces[2 * index] ?? '', ...(part === undefined ? {} : { part }) }
    }),
    mayEndBlank: !/[^\s}]$/.test(file.entry),
  }
  FORMS.set(file, form)
  return form
}

const NO_RAW = new Map<string, string | Secret>()
const NO_ATTRIBUTES: Readonly<Record<string, string>> = {}

/**
 * What a template writes on: collects every parameter as intended and gives back its text in the file's form, so that
 * an independent reader can be asked whether a phone would understand the same.
 */
export class Sheet {
  readonly entries: FileEntry[] = []
  readonly file: PhoneFile
  /** No raw parameter may take part, and nothing is masked: the same values make the same text. */
  readonly isPlain: boolean
  readonly #options: SheetOptions
  readonly #rawLeft: Map<string, string | Secret>

  constructor(options: SheetOptions) {
    this.#options = options
    this.file = options.file
    this.isPlain = options.raw.size === 0 && options.mask === undefined
    if (this.isPlain) {
      this.#rawLeft = NO_RAW
      return
    }
    const names = new RegExp(options.file.parameters ?? '')
    // A password stands in the phone's own file only, whichever layer it comes from.
    const belongs = ([name, value]: [string, string | Secret]): boolean =>
      names.test(name) && (options.file.secrets || !(value instanceof Secret))
    this.#rawLeft = new Map([...options.raw].filter(belongs))
  }

  /** Writes one parameter; a raw override of the same name wins. */
  set(name: string, value: unknown, attributes: Readonly<Record<string, unknown>>): string {
    const shown = this.#attributes(name, attributes)
    const rawName = shown.idx === undefined ? name : `${name}#${shown.idx}`
    const raw = this.#rawLeft.get(rawName)
    if (raw !== undefined) {
      this.#rawLeft.delete(rawName)
      return this.#write(name, raw === '' ? null : raw, shown, true)
    }
    return this.#write(name, value, shown, false)
  }

  /** Notes parameters whose text was made before. */
  copy(entries: readonly FileEntry[]): void {
    for (const entry of entries) this.entries.push(entry)
  }

  /** Raw parameters that the template did not write itself, a line each. */
  rest(): string {
    const left = [...this.#rawLeft].sort(([a], [b]) => (a < b ? -1 : 1))
    this.#rawLeft.clear()
    return left
      .map(([rawName, value]) => {
        const [name = '', index] = rawName.split('#')
        const attributes = this.#attributes(name, index === undefined ? {} : { idx: index })
        return this.#write(name, value === '' ? null : value, attributes, true)
      })
      .join('\n')
  }

  /**
   * The vendor's word for a neutral one, from the manifest's table; null stays null.
   * @param otherwise what a value without an entry gives; undefined: TEMPLATE_VALUE_MISSING
   */
  word(table: string, value: unknown, otherwise?: unknown): unknown {
    if (value === null) return null
    const words = this.#options.words[table] ?? {}
    const word = Object.hasOwn(words, String(value)) ? words[String(value)] : otherwise
    if (word === undefined) {
      throw new AppError('TEMPLATE_VALUE_MISSING', `words.${table} has no entry for "${String(value)}"`)
    }
    return word
  }

  /** The vendor's words for the members of a list, in its order, without members the table does not have. */
  words(table: string, list: unknown): KeyField[] {
    const words = this.#options.words[table] ?? {}
    return (Array.isArray(list) ? list : []).map((item) => words[String(item)] ?? null).filter((word) => word !== null)
  }

  /**
   * The n-th (from 1) of a list's words, without members the vendor's table does not have; beyond the end the last
   * one again, so that every place of a fixed row is written. Nothing left: the table's first word.
   */
  choice(table: string, list: unknown, n: number): KeyField {
    const words = this.#options.words[table] ?? {}
    const known = (Array.isArray(list) ? list : []).map((item) => words[String(item)] ?? null)
    const kept = known.filter((word) => word !== null)
    return kept[Math.min(n, kept.length) - 1] ?? Object.values(words).find((word) => word !== null) ?? null
  }

  /** Text of a value that stands in the frame of the file, outside parameters. */
  escape(value: unknown, where: string): string {
    return ESCAPES[this.#options.file.escape](this.#text(value, where), where)
  }

  #attributes(name: string, given: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
    let attributes: Record<string, string> | undefined
    for (const key in given) {
      const value = given[key]
      if (value !== null) (attributes ??= {})[key] = this.#text(value, name)
    }
    const always = this.#options.file.attributes
    if (!attributes) return always ?? NO_ATTRIBUTES
    for (const key in always) attributes[key] = always[key] ?? ''
    return attributes
  }

  #write(name: string, value: unknown, attributes: Readonly<Record<string, string>>, raw: boolean): string {
    const { file } = this.#options
    const escape = ESCAPES[file.escape]
    const cleared = value === null
    // The word for "factory value" would give a password back its well-known one.
    const text = !cleared ? this.#text(value, name) : /password/i.test(name) ? '' : file.empty
    this.entries.push({ name, attributes, value: text, secret: value instanceof Secret, raw })
    let written = ''
    const form = entryForm(file)
    for (const { literal, part } of form.pieces) {
      written += literal
      if (part === 'name') written += name
      else if (part === 'value') written += cleared ? text : escape(text, name)
      else if (part === 'attributes') {
        for (const key in attributes) written += ` ${key}="${escape(attributes[key] ?? '', name)}"`
      }
    }
    return form.mayEndBlank ? written.trimEnd() : written
  }

  #text(value: unknown, where: string): string {
    if (value instanceof Secret) {
      if (!this.#options.file.secrets) {
        throw new AppError('TEMPLATE_SECRET_DENIED', `${where}: ${this.#options.file.key} may not hold secrets`)
      }
      return this.#options.mask ?? value.reveal()
    }
    if (typeof value === 'boolean') return String(this.#options.file.booleans[value ? 1 : 0])
    if (typeof value === 'string') return value
    if (typeof value === 'number' && Number.isFinite(value)) return String(value)
    if (value === null) return this.#options.file.empty
    throw new AppError('TEMPLATE_VALUE_MISSING', `${where}: no value`)
  }
}
