import { z } from 'zod'
import { filterInTurns } from '../../domain/turns.js'
import { phonebookEntry, phonebookOf, type Phonebook } from '../../phonebook/people.js'
import { phonebookSearch } from '../../phonebook/search.js'
import { vCards } from '../../phonebook/vcard.js'
import { pageOf } from '../paging.js'
import { route, type Call } from '../route.js'
import { listQuery, pageSchema, text } from './schemas.js'

const TAG = 'People'

const entry = z
  .object({
    name: z.string().meta({ description: 'In the order that phonebookOrder says' }),
    number: z.string(),
    mobile: z.string().optional().meta({ description: 'As it was written' }),
    jobTitle: z.string().optional(),
    email: z.string().optional(),
  })
  .meta({ id: 'PhonebookEntry' })

const bookOf = ({ parts, site }: Call): Phonebook => phonebookOf(parts.snapshot, parts.viewSources.vocabulary, site.id)

export const phonebookRoutes = [
  route({
    id: 'showPhonebook',
    method: 'get',
    path: '/phonebook',
    tag: TAG,
    summary: "Whom the site's phones show in their phonebook, in its order",
    access: 'people.read',
    query: {
      ...listQuery(['name'], 'name'),
      q: text.optional().meta({ description: 'Part of a name or number, as in the list of people' }),
    },
    answer: pageSchema(entry),
    handle: async (call) => {
      const { parts, query } = call
      const turns = parts.turns()
      const people = bookOf(call).people.map((person, place) => ({ id: person.id, person, place }))
      const fits = query.q === undefined ? () => true : phonebookSearch(query.q, parts.snapshot)
      const found = await filterInTurns(people, turns, ({ person }) => fits(person))
      const { items, ...rest } = await pageOf(found, query, { name: ({ place }) => place }, turns)
      return { body: { ...rest, items: items.map(({ person }) => phonebookEntry(person)) } }
    },
  }),
  route({
    id: 'exportVCards',
    method: 'get',
    path: '/phonebook/vcards',
    tag: TAG,
    summary: 'The phonebook as vCards 4.0',
    access: 'bulk.export',
    gives: 'text/vcard',
    answer: z.string(),
    handle: (call) => ({ body: vCards(bookOf(call).people), fileName: `phonebook-${call.site.slug}.vcf` }),
  }),
]
