import type { AppError } from '../../domain/errors.js'
import { formatMac, type Mac } from '../../domain/mac-address.js'
import { ask, done, given, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { personState } from '../states.js'
import { PAGE_ROWS, listLinks, listState } from './phones.js'
import type { Person } from './records.js'

const SORTS = ['number', 'name', 'email']
const params = ({ params: { number = '' } }: PageCall): { number: string } => ({ number })
const pathOf = (number: string): string => `/people/${encodeURIComponent(number)}`

function personRow(person: Person): object {
  return {
    ...person,
    path: pathOf(person.number),
    shown: personState(person),
    phones: person.phones.map((one) => ({ ...one, macText: formatMac(one.mac as Mac) })),
  }
}

async function list(call: PageCall): Promise<PageAnswer> {
  const state = listState(call.query, SORTS)
  const found = await ask<{ items: Person[]; nextCursor?: string; total: number }>(call, 'listExtensions', {
    query: { sort: 'number', ...state, limit: PAGE_ROWS },
  })
  return {
    view: 'people',
    title: call.words.t('people.title'),
    menu: 'people',
    data: {
      people: found.items.map(personRow),
      total: found.total,
      state,
      filtered: state.q !== undefined || state.registered !== undefined,
      links: listLinks('/people', state, found.nextCursor),
    },
  }
}

function addForm(call: PageCall, refused?: AppError): PageAnswer {
  return {
    view: 'person-new',
    title: call.words.t('people.add'),
    menu: 'people',
    ...(refused ? { status: 422 } : {}),
    data: { values: call.form, refusal: refused ? refusalOf(call, refused) : undefined },
  }
}

async function personPage(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const person = await ask<Person>(call, 'showExtension', { params: params(call) })
  const stored = { name: person.name, email: person.email ?? '', enabled: person.enabled }
  const typed = { ...call.form, enabled: call.form.enabled === 'on' }
  const isConflict = refused?.code === 'REVISION_CONFLICT'
  return {
    view: 'person',
    title: person.name,
    menu: 'people',
    ...(refused ? { status: isConflict ? 412 : 422 } : {}),
    data: {
      person: personRow(person),
      values: refused ? typed : stored,
      refusal: refused ? refusalOf(call, refused) : undefined,
      conflict: isConflict ? [stored.name, stored.email].filter((one) => one !== '').join(', ') : undefined,
    },
  }
}

async function removeForm(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { extension: person, uses } = await call.use.extensions.show(params(call).number)
  const { displayName: name, number } = person
  return {
    view: 'person-remove',
    title: call.words.t('person.remove.ask', { name, number }),
    menu: 'people',
    ...(refused ? { status: 409 } : {}),
    data: {
      person: { id: person.id, revision: person.revision, path: pathOf(number) },
      lines: uses.lines.map(({ mac, position }) => ({ mac: formatMac(mac as Mac), position })),
      keys: uses.keys.length,
      isUsed: uses.lines.length + uses.keys.length > 0,
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

function passwordPage(id: string, key: 'new' | 'revealed', isNew: boolean): (call: PageCall) => Promise<PageAnswer> {
  return async (call) => {
    const { password } = await ask<{ password: string }>(call, id, { params: params(call) })
    const person = await ask<Person>(call, 'showExtension', { params: params(call) })
    return {
      view: 'person-password',
      title: call.words.t(`person.password.${key}`, { name: person.name, number: person.number }),
      menu: 'people',
      data: { password, isNew, person: personRow(person) },
    }
  }
}

export const peoplePages = [
  page({ id: 'people', method: 'get', path: '/people', of: 'listExtensions', run: list }),
  page({ id: 'addPersonForm', method: 'get', path: '/people/new', of: 'addExtension', run: (call) => addForm(call) }),
  page({
    id: 'addPerson',
    method: 'post',
    path: '/people/new',
    of: 'addExtension',
    run: async (call) => {
      const { number = '', name = '', email } = call.form
      const body = { number: number.trim(), name, ...given({ email }) }
      const added = await ask<Person>(call, 'addExtension', { body })
      return { to: done(pathOf(added.number), 'added') }
    },
    refused: addForm,
  }),
  page({ id: 'person', method: 'get', path: '/people/{number}', of: 'showExtension', run: (call) => personPage(call) }),
  page({
    id: 'savePerson',
    method: 'post',
    path: '/people/{number}',
    of: 'updateExtension',
    run: async (call) => {
      const { name = '', email = '', enabled } = call.form
      await ask(call, 'updateExtension', { params: params(call), body: { name, email, enabled: enabled === 'on' } })
      return { to: done(pathOf(params(call).number), 'saved') }
    },
    refused: personPage,
  }),
  page({
    id: 'removePersonForm',
    method: 'get',
    path: '/people/{number}/remove',
    of: 'removeExtension',
    run: (call) => removeForm(call),
  }),
  page({
    id: 'removePerson',
    method: 'post',
    path: '/people/{number}/remove',
    of: 'removeExtension',
    run: async (call) => {
      // By force only for what the visitor was shown: a use that came since is a refusal.
      const { uses } = await call.use.extensions.show(params(call).number)
      const shown = Number(call.form.uses)
      const force = uses.lines.length + uses.keys.length === shown && shown > 0
      await ask(call, 'removeExtension', { params: params(call), query: { force: String(force) } })
      return { to: done('/people', 'removed') }
    },
    refused: removeForm,
  }),
  page({
    id: 'resetPersonPassword',
    method: 'post',
    path: '/people/{number}/password',
    of: 'resetExtensionPassword',
    run: passwordPage('resetExtensionPassword', 'new', true),
  }),
  page({
    id: 'revealPersonPassword',
    method: 'post',
    path: '/people/{number}/password/reveal',
    of: 'revealExtensionPassword',
    run: passwordPage('revealExtensionPassword', 'revealed', false),
  }),
]
