import type { AppError } from '../../domain/errors.js'
import { ask, done, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { personPath } from './person.js'

interface Unnumbered {
  id: string
  name: string
  email?: string
  fields: string[]
  createdAt: string
  createdBy: string
}

/** How many wait for a number, for those who may see them. */
export async function countUnnumbered({ use }: PageCall): Promise<number> {
  return (await use.bulk.unnumbered.list()).length
}

async function list(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { items } = await ask<{ items: Unnumbered[] }>(call, 'listUnnumbered')
  const { id, number = '' } = { ...call.params, ...call.form }
  return {
    view: 'people-unnumbered',
    title: call.words.t('people.unnumbered'),
    menu: 'people',
    ...(refused ? { status: 422 } : {}),
    data: {
      people: items.map((one) => ({
        ...one,
        email: one.email ?? '',
        at: Date.parse(one.createdAt),
        value: refused && one.id === id ? number : '',
      })),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

const params = ({ params: { id = '' } }: PageCall): { id: string } => ({ id })

export const unnumberedPages = [
  page({
    id: 'unnumberedPeople',
    method: 'get',
    path: '/people/without-number',
    of: 'listUnnumbered',
    run: (call) => list(call),
  }),
  page({
    id: 'giveNumber',
    method: 'post',
    path: '/people/without-number/{id}/number',
    of: 'giveNumber',
    run: async (call) => {
      const body = { number: (call.form.number ?? '').trim() }
      const given = await ask<{ number: string }>(call, 'giveNumber', { params: params(call), body })
      return { to: done(personPath(given.number), 'added') }
    },
    refused: list,
  }),
  page({
    id: 'removeUnnumbered',
    method: 'post',
    path: '/people/without-number/{id}/remove',
    of: 'removeUnnumbered',
    run: async (call) => {
      await ask(call, 'removeUnnumbered', { params: params(call) })
      return { to: done('/people/without-number', 'removed') }
    },
    refused: list,
  }),
]
