import { z } from 'zod'
import { folded } from '../../domain/search-text.js'
import { phonebookOf, type Phonebook } from '../../phonebook/people.js'
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
    query: { ...listQuery(['name'], 'name'), q: text.optional().meta({ description: 'Part of a name or number' }) },
    answer: pageSchema(entry),
    handle: (call) => {
      const { q } = call.query
      const wanted = q === undefined ? '' : folded(q)
      const people = bookOf(call).people.map((person, place) => ({ ...person, place }))
      const found = people.filter(({ name, number }) => number.includes(wanted) || folded(name).includes(wanted))
      const { items, ...rest } = pageOf(found, call.query, { name: ({ place }) => place })
      return {
        body: {
          ...rest,
          items: items.map(({ name, number, mobileShown, jobTitle, email }) => ({
            ...{ name, number },
            ...(mobileShown === null ? {} : { mobile: mobileShown }),
            ...(jobTitle === null ? {} : { jobTitle }),
            ...(email === null ? {} : { email }),
          })),
        },
      }
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
