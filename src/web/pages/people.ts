import type { AppError } from '../../domain/errors.js'
import { formatMac, type Mac } from '../../domain/mac-address.js'
import { ask, done, given, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { meterOf, personOf, personPath, personRow, type PasswordRules } from './person.js'
import { PAGE_ROWS, listLinks, listState } from './phones.js'
import type { Person } from './records.js'
import { countUnnumbered } from './unnumbered.js'

const SORTS = ['number', 'name', 'email', 'mobile']

async function list(call: PageCall): Promise<PageAnswer> {
  const state = {
    ...listState(call.query, SORTS),
    ...given({ import: mayUse(call, 'showImport') ? call.query.import : undefined }),
  }
  const from = state.import === undefined ? undefined : await call.use.bulk.showImport(state.import)
  const found = await ask<{ items: Person[]; nextCursor?: string; total: number }>(call, 'listExtensions', {
    query: { sort: 'number', ...state, limit: PAGE_ROWS },
  })
  return {
    view: 'people',
    title: call.words.t('people.title'),
    menu: 'people',
    data: {
      people: found.items.map((one) => personRow(call, one)),
      total: found.total,
      state,
      filtered: [state.q, state.registered, state.import].some((one) => one !== undefined),
      only: from && call.words.t('import.only', { name: from.fileName ?? call.words.t('import.pasted') }),
      unnumbered: await countUnnumbered(call),
      links: listLinks('/people', state, found.nextCursor),
    },
  }
}

async function addForm(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { number, ...rules } = await ask<{ number?: string; emailRequired: boolean } & PasswordRules>(
    call,
    'proposeExtension',
  )
  const { numberRanges, userNames } = await call.use.extensions.policy()
  return {
    view: 'person-new',
    title: call.words.t('people.add'),
    menu: 'people',
    ...(refused ? { status: 422 } : {}),
    data: {
      values: { name: '', email: '', authUser: '', ...(refused ? call.form : { number }), password: '' },
      emailRequired: rules.emailRequired,
      ranges: numberRanges?.join(', '),
      sipUserName: call.words.t(`person.authUser.${userNames.pattern}`, { prefix: userNames.prefix ?? '' }),
      meter: meterOf(rules),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

async function removeForm(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { extension: person, uses } = await call.use.extensions.show(personOf(call).number)
  const { displayName: name, number } = person
  return {
    view: 'person-remove',
    title: call.words.t('person.remove.ask', { name, number }),
    menu: 'people',
    ...(refused ? { status: 409 } : {}),
    data: {
      person: { id: person.id, revision: person.revision, path: personPath(number) },
      lines: uses.lines.map(({ mac, position }) => ({ mac: formatMac(mac as Mac), position })),
      keys: uses.keys.length,
      forwards: uses.forwards.length,
      uses: usesIn(uses),
      isUsed: usesIn(uses) > 0,
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

const usesIn = ({
  lines,
  keys,
  forwards,
}: {
  lines: readonly unknown[]
  keys: readonly unknown[]
  forwards: readonly unknown[]
}): number => lines.length + keys.length + forwards.length

interface Removed {
  id: string
  number: string
  name: string
  removedAt: string
  removedBy: string
}

async function removedPage(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { items } = await ask<{ items: Removed[] }>(call, 'listRemovedExtensions')
  return {
    view: 'people-removed',
    title: call.words.t('people.removed'),
    menu: 'people',
    ...(refused ? { status: 409 } : {}),
    data: {
      people: items.map((one) => ({ ...one, at: Date.parse(one.removedAt) })),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
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
      const { number = '', name = '', email, password, authUser } = call.form
      const body = { number: number.trim(), name, ...given({ email, password, authUser }) }
      const added = await ask<Person>(call, 'addExtension', { body })
      return { to: done(personPath(added.number), 'added') }
    },
    refused: addForm,
  }),
  page({
    id: 'removedPeople',
    method: 'get',
    path: '/people/removed',
    of: 'listRemovedExtensions',
    run: (call) => removedPage(call),
  }),
  page({
    id: 'restorePerson',
    method: 'post',
    path: '/people/removed/{id}/restore',
    of: 'restoreExtension',
    run: async (call) => {
      const { id = '' } = call.params
      const { number, missing } = await ask<{ number: string; missing: string[] }>(call, 'restoreExtension', {
        params: { id },
      })
      return { to: done(personPath(number), missing.length === 0 ? 'restored' : 'restoredPartly') }
    },
    refused: removedPage,
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
      const { uses } = await call.use.extensions.show(personOf(call).number)
      const shown = Number(call.form.uses)
      const force = usesIn(uses) === shown && shown > 0
      await ask(call, 'removeExtension', { params: personOf(call), query: { force: String(force) } })
      return { to: done('/people', 'removed') }
    },
    refused: removeForm,
  }),
]
