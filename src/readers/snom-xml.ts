import { decodeUtf8, type Entry, ReadFailure, type Reader, readResult } from './entry.js'
import type { XmlVisitor } from './plain-xml.js'
import { readXml, requireBlank, requirePlain } from './xml-walk.js'

/** Elements a section may hold; undefined: any setting name. */
const SECTIONS: ReadonlyMap<string, readonly string[] | undefined> = new Map([
  ['phone-settings', undefined],
  ['functionKeys', ['fkey']],
  ['tbook', ['item']],
  ['firmware-settings', ['firmware', 'firmware_uxm']],
  ['certificates', ['certificate']],
  ['setting-files', ['file']],
])
/** Sections whose elements may come more than once. */
const REPEATABLE = new Set(['tbook', 'certificates', 'setting-files'])
const SETTING_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/
/** `&`, one blank and `$`, '' are the old spellings of R and RW. */
const PERMISSIONS = new Set(['R', 'RW', '!', '&', '$', ' ', ''])

/**
 * Reads a file of a Snom desk phone (firmware 8.7 and later): `<settings>` with its sections, or one section as root;
 * `<setting-files>` stands alone. One entry per setting, key, file, firmware or phone-book element, in file order; an
 * `item` of the phone book is followed by its parts. Source: Snom service wiki, "Desk Phone Configuration Files".
 */
export const readSnomXml: Reader = (bytes) =>
  readResult(() => readXml(decodeUtf8(bytes), () => new SnomVisitor()).entries)

interface OpenEntry {
  name: string
  attributes: Readonly<Record<string, string>>
  /** Where it goes among the entries, so that a container comes before its parts. */
  place: number
}

class SnomVisitor implements XmlVisitor {
  readonly entries: Entry[] = []
  readonly #sections = new Set<string>()
  /** Settings by name and idx. */
  readonly #given = new Set<string>()
  #open: OpenEntry[] = []
  #wrapped = false
  #section = ''

  open(name: string, attributes: Readonly<Record<string, string>>, depth: number, line: number): void {
    if (depth === 1 && name === 'settings') {
      this.#wrapped = true
      return
    }
    const sectionDepth = this.#wrapped ? 2 : 1
    if (depth === sectionDepth) this.#openSection(name, line)
    else if (depth === sectionDepth + 1) this.#openEntry(name, attributes, line)
    else this.#openPart(name, attributes, depth - sectionDepth, line)
  }

  close(name: string, text: string, depth: number, line: number): void {
    const sectionDepth = this.#wrapped ? 2 : 1
    if (depth <= sectionDepth) {
      requireBlank(text, line)
      return
    }
    const entry = this.#open.pop()
    if (!entry) return
    // Only a certificate in base64 spans lines.
    if (name === 'item' || name === 'file') requireBlank(text, line)
    else if (name !== 'certificate') requirePlain(text, name, line)
    const value = name === 'item' || name === 'file' ? '' : text
    this.entries[entry.place] = { name: entry.name, attributes: entry.attributes, value }
  }

  #openSection(name: string, line: number): void {
    if (!SECTIONS.has(name)) throw new ReadFailure(line, `no such section: <${name}>`)
    if (this.#wrapped && name === 'setting-files') {
      throw new ReadFailure(line, '<setting-files> must be alone in its file')
    }
    if (this.#sections.has(name)) throw new ReadFailure(line, `a second <${name}>`)
    this.#sections.add(name)
    this.#section = name
  }

  #openEntry(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
    const allowed = SECTIONS.get(this.#section)
    if (allowed ? !allowed.includes(name) : !SETTING_NAME.test(name)) {
      throw new ReadFailure(line, `<${name}> does not belong into <${this.#section}>`)
    }
    checkAttributes(name, attributes, line)
    if (!REPEATABLE.has(this.#section)) {
      const { idx } = attributes
      const before = this.#given.size
      // No name has a "#" in it.
      this.#given.add(idx === undefined ? name : `${name}#${idx}`)
      if (this.#given.size === before) throw new ReadFailure(line, `<${name}> is given twice for the same idx`)
    }
    this.#begin(name, attributes)
  }

  #openPart(name: string, attributes: Readonly<Record<string, string>>, levels: number, line: number): void {
    if (this.#section !== 'tbook' || levels !== 2 || !SETTING_NAME.test(name)) {
      throw new ReadFailure(line, `<${name}> inside a setting`)
    }
    this.#begin(name, attributes)
  }

  #begin(name: string, attributes: Readonly<Record<string, string>>): void {
    this.#open.push({ name, attributes, place: this.entries.length })
    this.entries.push({ name, attributes, value: '' })
  }
}

function checkAttributes(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
  for (const key in attributes) requirePlain(attributes[key] ?? '', key, line)
  const { idx, perm } = attributes
  if (idx !== undefined && !/^(?:0|[1-9]\d{0,3})$/.test(idx))
    throw new ReadFailure(line, `idx of <${name}> is not a number`)
  if (perm !== undefined && !PERMISSIONS.has(perm)) throw new ReadFailure(line, `perm of <${name}> is not known`)
  if (name === 'fkey' && idx === undefined) throw new ReadFailure(line, '<fkey> without idx')
  if (name === 'file' && !attributes.url) throw new ReadFailure(line, '<file> without url')
}
