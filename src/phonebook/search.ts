import { searchFor, searchTextOnce } from '../domain/search-text.js'
import { personSearch } from '../extensions/search.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { PhonebookPerson } from './people.js'

const nameText = searchTextOnce(({ name }: PhonebookPerson) => name)

/** Is somebody in a phonebook meant by what was typed? As in the list of people, and by the name as the site has it shown. */
export function phonebookSearch(
  typed: string,
  snapshot: Pick<Snapshot, 'extension' | 'layer'>,
): (one: PhonebookPerson) => boolean {
  const holds = searchFor(typed)
  const fits = personSearch(typed)
  return (one) => {
    if (holds(nameText(one))) return true
    const person = snapshot.extension(one.id)
    return person !== undefined && fits(person, snapshot.layer('extension', one.id).values)
  }
}
