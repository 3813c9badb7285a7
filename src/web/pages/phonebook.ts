import { ask, given, mayUse, page, type PageAnswer, type PageCall } from '../page.js'
import { listLinks, PAGE_ROWS } from './phones.js'

interface Entry {
  name: string
  number: string
  mobile?: string
  jobTitle?: string
}

async function list(call: PageCall): Promise<PageAnswer> {
  const state = given({ q: call.query.q, cursor: call.query.cursor })
  const found = await ask<{ items: Entry[]; nextCursor?: string; total: number }>(call, 'showPhonebook', {
    query: { ...state, limit: PAGE_ROWS },
  })
  return {
    view: 'phonebook',
    title: call.words.t('phonebook.title'),
    menu: 'people',
    data: {
      ...{ people: found.items, total: found.total, state },
      links: listLinks('/phonebook', state, found.nextCursor),
      mayExport: mayUse(call, 'exportVCards'),
    },
  }
}

export const phonebookPages = [
  page({ id: 'phonebook', method: 'get', path: '/phonebook', of: 'showPhonebook', run: list }),
  page({
    id: 'exportVCards',
    method: 'post',
    path: '/phonebook/vcards',
    of: 'exportVCards',
    run: async (call) => ({
      download: `phonebook-${call.site.slug}.vcf`,
      text: await ask<string>(call, 'exportVCards'),
      type: 'text/vcard',
    }),
  }),
]
