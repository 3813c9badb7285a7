import { decodeUtf8, type Entry, NO_ATTRIBUTES, ReadFailure, type Reader, readResult } from './entry.js'
import type { XmlVisitor } from './plain-xml.js'
import { readXml, requireBlank, requirePlain } from './xml-walk.js'

const P_NUMBER = /^P[1-9]\d{0,5}$/
const ITEM_NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/

/**
 * Reads Grandstream's `<gs_provision version="1">`: an optional `<mac>` (entry `mac`), then one `<config>`, whose
 * version 1 holds P numbers (entry `P271`) and version 2 named items (entry `account.1.enable`); `<part>`s of an item
 * are entries `item.part`. Source: Grandstream "XML Provisioning Guide" and vendor templates.
 */
export const readGrandstreamXml: Reader = (bytes) =>
  readResult(() => readXml(decodeUtf8(bytes), () => new GrandstreamVisitor()).entries)

class GrandstreamVisitor implements XmlVisitor {
  readonly entries: Entry[] = []
  readonly #seen = new Set<string>()
  #version = 0
  #inMac = false
  #item = ''
  #part = ''
  #hasParts = false

  open(name: string, attributes: Readonly<Record<string, string>>, depth: number, line: number): void {
    if (depth === 1) this.#openRoot(name, attributes, line)
    else if (depth === 2) this.#openTop(name, attributes, line)
    else if (depth === 3 && !this.#inMac) this.#openValue(name, attributes, line)
    else if (depth === 4 && this.#version === 2) this.#openPart(name, attributes, line)
    else throw new ReadFailure(line, `<${name}> is not expected here`)
  }

  close(name: string, text: string, depth: number, line: number): void {
    if (depth === 4) {
      this.#add(`${this.#item}.${this.#part}`, text, line)
    } else if (depth === 3) {
      if (this.#hasParts) requireBlank(text, line)
      else this.#add(this.#version === 2 ? this.#item : name, text, line)
      this.#hasParts = false
    } else if (this.#inMac) {
      if (!/^[0-9A-Fa-f]{12}$/.test(text)) throw new ReadFailure(line, '<mac> is not 12 hexadecimal digits')
      this.#add('mac', text, line)
      this.#inMac = false
    } else {
      requireBlank(text, line)
      if (depth === 1 && this.#version === 0) throw new ReadFailure(line, '<config> is missing')
    }
  }

  #openRoot(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
    if (name !== 'gs_provision') throw new ReadFailure(line, 'the root must be <gs_provision>')
    requireOnly('gs_provision', attributes, 'version', line)
    if (attributes.version !== '1') throw new ReadFailure(line, 'version of <gs_provision> is not 1')
  }

  #openTop(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
    if (name === 'mac' && this.#version === 0 && this.entries.length === 0) {
      requireOnly('mac', attributes, undefined, line)
      this.#inMac = true
      return
    }
    if (name !== 'config') throw new ReadFailure(line, `<${name}> is not expected here`)
    if (this.#version !== 0) throw new ReadFailure(line, 'a second <config>')
    requireOnly('config', attributes, 'version', line)
    if (attributes.version !== '1' && attributes.version !== '2') {
      throw new ReadFailure(line, 'version of <config> is neither 1 nor 2')
    }
    this.#version = Number(attributes.version)
  }

  #openValue(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
    if (this.#version === 1) {
      if (!P_NUMBER.test(name)) throw new ReadFailure(line, `<${name}> is not a P number`)
      requireOnly(name, attributes, undefined, line)
      return
    }
    if (name !== 'item') throw new ReadFailure(line, `<${name}> is not an <item>`)
    this.#item = requireName('item', attributes, line)
  }

  #openPart(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
    if (name !== 'part') throw new ReadFailure(line, `<${name}> is not a <part>`)
    this.#part = requireName('part', attributes, line)
    this.#hasParts = true
  }

  #add(name: string, value: string, line: number): void {
    requirePlain(value, name, line)
    if (this.#seen.has(name)) throw new ReadFailure(line, `${name} is given twice`)
    this.#seen.add(name)
    this.entries.push({ name, attributes: NO_ATTRIBUTES, value })
  }
}

function requireName(element: string, attributes: Readonly<Record<string, string>>, line: number): string {
  requireOnly(element, attributes, 'name', line)
  const { name } = attributes
  if (name === undefined || !ITEM_NAME.test(name)) throw new ReadFailure(line, `<${element}> without a proper name`)
  return name
}

function requireOnly(
  element: string,
  attributes: Readonly<Record<string, string>>,
  allowed: string | undefined,
  line: number,
): void {
  for (const key in attributes) {
    if (key !== allowed) throw new ReadFailure(line, `attribute ${key} of <${element}> is not known`)
  }
}
