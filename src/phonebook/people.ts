import type { Id } from '../domain/entities.js'
import type { Vocabulary } from '../settings/vocabulary.js'
import { personLayers } from '../snapshot/person-layers.js'
import type { ExtensionRecord, ListedSnapshot } from '../snapshot/snapshot.js'

/** A person as a phonebook shows one. */
export interface PhonebookPerson {
  readonly id: Id
  /** As the site wants names to be shown. */
  readonly name: string
  /** The same in two pieces, for phones that put a name together: what stands first, and the rest, if any. */
  readonly head: string
  readonly tail: string | null
  readonly firstName: string | null
  readonly lastName: string | null
  readonly number: string
  /** As it is dialled: digits, `+`, `*` and `#`. */
  readonly mobile: string | null
  /** As it was written. */
  readonly mobileShown: string | null
  readonly jobTitle: string | null
  readonly email: string | null
}

/** What a site's phones show: all of them the same. */
export interface Phonebook {
  readonly title: string
  /** Sorted as the site's language has it. */
  readonly people: readonly PhonebookPerson[]
}

type Values = readonly ReadonlyMap<string, unknown>[]
type Source = Pick<ListedSnapshot, 'allExtensions' | 'layer' | 'peopleVersion'>

/** Of each state of the people, the books of its sites. */
const BOOKS = new WeakMap<object, Map<Id, Phonebook>>()

/** Who is listed, with the settings of this moment: hidden and disabled people are left out here, so from every format. */
export function phonebookOf(snapshot: Source, vocabulary: Vocabulary, siteId: Id): Phonebook {
  const version = snapshot.peopleVersion
  let books = BOOKS.get(version)
  if (!books) BOOKS.set(version, (books = new Map()))
  let book = books.get(siteId)
  if (!book) books.set(siteId, (book = gather(snapshot, vocabulary, siteId)))
  return book
}

function gather(snapshot: Source, vocabulary: Vocabulary, siteId: Id): Phonebook {
  const ask = asker(vocabulary)
  const site = personLayers(snapshot, { siteId }, undefined)
  const order = ask.text(site, 'phonebookOrder') ?? 'display'
  const people: PhonebookPerson[] = []
  for (const person of snapshot.allExtensions()) {
    if (person.siteId !== siteId || !person.enabled) continue
    const layers = personLayers(snapshot, person, person.id)
    const [own, ...rest] = layers
    const groups = (person.groups ?? []).map((group) => snapshot.layer('group', group).values)
    const isListed = ask.value(own ? [own, ...groups, ...rest] : layers, 'directoryVisible') !== false
    if (isListed) people.push(personOf(person, layers, order, ask))
  }
  const { compare } = new Intl.Collator(ask.text(site, 'language') ?? 'en')
  people.sort((a, b) => compare(a.name, b.name) || (a.number < b.number ? -1 : 1))
  return { title: ask.text(site, 'phonebookName') ?? 'Phonebook', people }
}

interface Asker {
  value(layers: Values, key: string): unknown
  /** Null for anything but a text that is not empty. */
  text(layers: Values, key: string): string | null
}

function asker(vocabulary: Vocabulary): Asker {
  const value = (layers: Values, key: string): unknown => {
    for (const values of layers) {
      const found = values.get(key)
      if (found !== undefined) return found
    }
    return vocabulary.get(key)?.default
  }
  return {
    value,
    text: (layers, key) => {
      const found = value(layers, key)
      return typeof found === 'string' && found !== '' ? found : null
    },
  }
}

function personOf(
  { id, number, displayName, email }: ExtensionRecord,
  layers: Values,
  order: string,
  { text }: Asker,
): PhonebookPerson {
  const firstName = text(layers, 'firstName')
  const lastName = text(layers, 'lastName')
  const mobileShown = text(layers, 'mobileNumber')
  const [head, tail] = namePieces(displayName === '' ? number : displayName, firstName, lastName, order)
  return {
    id,
    name: tail === null ? head : `${head} ${tail}`,
    ...{ head, tail, firstName, lastName, number, mobileShown },
    mobile: mobileShown === null ? null : dialled(mobileShown),
    jobTitle: text(layers, 'jobTitle'),
    email: email ?? null,
  }
}

/** The name in the order wanted; who has no first or last name is shown by the display name. */
function namePieces(
  displayName: string,
  first: string | null,
  last: string | null,
  order: string,
): [head: string, tail: string | null] {
  if (first === null || last === null) return [displayName, null]
  if (order === 'last-first') return [last, first]
  return order === 'first-last' || displayName === `${first} ${last}` ? [first, last] : [displayName, null]
}

/** `+49 171/555` as `+49171555`; null when nothing is left. */
export function dialled(number: string): string | null {
  const bare = number.replace(/[^0-9+*#]/g, '')
  return bare === '' ? null : bare
}

/** Somebody in a phonebook as lists of it tell: the mobile number as it was written. */
export function phonebookEntry({ name, number, mobileShown, jobTitle, email }: PhonebookPerson): {
  name: string
  number: string
  mobile?: string
  jobTitle?: string
  email?: string
} {
  return {
    ...{ name, number },
    ...(mobileShown === null ? {} : { mobile: mobileShown }),
    ...(jobTitle === null ? {} : { jobTitle }),
    ...(email === null ? {} : { email }),
  }
}
