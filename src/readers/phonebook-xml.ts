import { decodeUtf8, type Entry, NO_ATTRIBUTES, ReadFailure, type Reader, readResult } from './entry.js'
import type { XmlVisitor } from './plain-xml.js'
import { readXml, requireBlank, requirePlain } from './xml-walk.js'

/** What may stand where in a vendor's phonebook: containers by name with their members, all other elements hold a text. */
interface Grammar {
  readonly root: string
  /** Members of each container; the first of them must be there. */
  readonly members: Readonly<Record<string, readonly string[]>>
  /** Containers with one attribute, and what it may be. */
  readonly attributes?: Readonly<Record<string, { readonly name: string; readonly values: readonly string[] }>>
}

/**
 * Yealink's remote phonebook: a name and its numbers, one or more. Source: provisioning servers' templates
 * (`YealinkIPPhoneDirectory`).
 */
export const readYealinkPhonebook = phonebookReader({
  root: 'YealinkIPPhoneDirectory',
  members: { YealinkIPPhoneDirectory: ['DirectoryEntry'], DirectoryEntry: ['Name', 'Telephone'] },
})

/** A directory in Snom's minibrowser: a title, then a name with one number each. Source: Snom service wiki, "XML Minibrowser". */
export const readSnomDirectory = phonebookReader({
  root: 'SnomIPPhoneDirectory',
  members: {
    SnomIPPhoneDirectory: ['Title', 'Prompt', 'DirectoryEntry'],
    DirectoryEntry: ['Name', 'Telephone'],
  },
})

/** Grandstream's address book. Source: Grandstream "XML Phonebook Guide" for GXP16xx, GXP17xx and GXP21xx. */
export const readGrandstreamPhonebook = phonebookReader({
  root: 'AddressBook',
  members: {
    AddressBook: ['version', 'Contact'],
    Contact: ['FirstName', 'LastName', 'Phone'],
    Phone: ['phonenumber', 'accountindex'],
  },
  attributes: { Phone: { name: 'type', values: ['Work', 'Home', 'Mobile', 'Fax', 'Other'] } },
})

/** An entry for each text, in the order of the file; who it belongs to follows from the order. */
function phonebookReader(grammar: Grammar): Reader {
  return (bytes) => readResult(() => readXml(decodeUtf8(bytes), () => new PhonebookVisitor(grammar)).entries)
}

class PhonebookVisitor implements XmlVisitor {
  readonly entries: Entry[] = []
  /** Containers that are open, with the members seen in each. */
  readonly #open: { name: string; seen: Set<string> }[] = []

  constructor(private readonly grammar: Grammar) {}

  open(name: string, attributes: Readonly<Record<string, string>>, _depth: number, line: number): void {
    const { root, members, attributes: known } = this.grammar
    const within = this.#open.at(-1)
    if (!within ? name !== root : members[within.name]?.includes(name) !== true) {
      throw new ReadFailure(line, `<${name}> is not expected here`)
    }
    within?.seen.add(name)
    this.#requireKnown(name, attributes, known?.[name], line)
    if (name in members) this.#open.push({ name, seen: new Set() })
  }

  close(name: string, text: string, _depth: number, line: number): void {
    const members = this.grammar.members[name]
    if (!members) {
      requirePlain(text, name, line)
      this.entries.push({ name, attributes: NO_ATTRIBUTES, value: text })
      return
    }
    requireBlank(text, line)
    const closed = this.#open.pop()
    const [first = ''] = members
    // A book may be empty; a person without a name, and a telephone without a number, may not be.
    if (this.#open.length > 0 && closed?.seen.has(first) !== true) {
      throw new ReadFailure(line, `<${name}> without <${first}>`)
    }
  }

  #requireKnown(
    name: string,
    attributes: Readonly<Record<string, string>>,
    known: { name: string; values: readonly string[] } | undefined,
    line: number,
  ): void {
    for (const key in attributes) {
      if (key !== known?.name) throw new ReadFailure(line, `attribute ${key} of <${name}> is not known`)
    }
    if (known && !known.values.includes(attributes[known.name] ?? '')) {
      throw new ReadFailure(line, `${known.name} of <${name}> is not known`)
    }
  }
}
