import { AppError } from '../../domain/errors.js'
import { formatMac, type Mac } from '../../domain/mac-address.js'
import { frontOf } from '../phone-front.js'
import { phoneState } from '../states.js'
import { ask, done, given, page, refusalOf, type Fields, type PageAnswer, type PageCall } from '../page.js'
import { makersOf, modelOfMaker, typedMac } from './makers.js'
import type { Device } from './records.js'

/** Rows of a page; more make a list that nobody reads. */
export const PAGE_ROWS = '50'

/** A phone as lists and its page show it. */
export function phoneRow({ parts, live }: PageCall, phone: Device): object {
  const askedAt = live.askedAt(phone.id)
  const model = parts.catalog.model(phone.model)
  return {
    ...phone,
    macText: formatMac(phone.mac as Mac),
    modelName: model?.name ?? phone.model,
    front: model && frontOf(model),
    waits: parts.waiting.state(phone) === 'changed',
    shown: phoneState(phone, askedAt, parts.clock.now()),
    dnd: live.isDoNotDisturb(phone.id),
    seenAt: phone.lastSeen === undefined ? undefined : Date.parse(phone.lastSeen),
  }
}

/** Models to choose from, those of `family` first. */
export function modelChoices({ parts }: PageCall, family?: string): object[] {
  const models = parts.catalog.models().map(({ model, name, family: own }) => ({ id: model, name, own }))
  const rank = ({ own }: { own: string }): number => (own === family ? 0 : 1)
  return models.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'en', { numeric: true }))
}

interface List {
  items: Device[]
  nextCursor?: string
  total: number
}

const SORTS = ['mac', 'model', 'name', 'lastSeen']

/** What a list was asked for, as its links need it. */
export function listState(query: PageCall['query'], sorts: readonly string[]): Record<string, string> {
  const { q, sort, registered, cursor } = query
  const known = sort !== undefined && sorts.includes(sort.replace(/^-/, '')) ? sort : undefined
  const which = registered === 'true' || registered === 'false' ? registered : undefined
  return given({ q, sort: known, registered: which, cursor })
}

/** Addresses of a list in another order, the next page, and so on. */
export function listLinks(path: string, state: Record<string, string>, nextCursor: string | undefined): object {
  const link = (changes: Record<string, string | undefined>): string => {
    const query = new URLSearchParams(given({ ...state, cursor: undefined, ...changes })).toString()
    return query === '' ? path : `${path}?${query}`
  }
  return {
    here: link({ cursor: state.cursor }),
    first: link({}),
    next: nextCursor === undefined ? undefined : link({ cursor: nextCursor }),
    all: link({ registered: undefined }),
    registered: link({ registered: 'true' }),
    unregistered: link({ registered: 'false' }),
    sort: Object.fromEntries(
      ['mac', 'model', 'name', 'lastSeen', 'number', 'email'].map((field) => [
        field,
        link({ sort: state.sort === field ? `-${field}` : field }),
      ]),
    ),
  }
}

/** Phones that wait for other files get a badge: as far as is known now, and by the live stream once all were looked at. */
function lookForChanges({ parts }: PageCall): void {
  if (!parts.waiting.isFresh) parts.waiting.refresh().catch(() => undefined)
}

async function list(call: PageCall): Promise<PageAnswer> {
  const state = listState(call.query, SORTS)
  lookForChanges(call)
  const found = await ask<List>(call, 'listDevices', { query: { sort: 'mac', ...state, limit: PAGE_ROWS } })
  return {
    view: 'phones',
    title: call.words.t('phones.title'),
    menu: 'phones',
    data: {
      phones: found.items.map((one) => phoneRow(call, one)),
      total: found.total,
      state,
      filtered: state.q !== undefined || state.registered !== undefined,
      links: listLinks('/phones', state, found.nextCursor),
    },
  }
}

/** First the MAC address, typed or scanned; then what else is to be known, with what the address tells already. */
function addForm(call: PageCall, refused?: AppError): PageAnswer {
  const { parts, words } = call
  const values: Fields = { ...call.query, ...call.form }
  const typed = values.mac ?? ''
  const mac = typedMac(parts.catalog, typed)
  const wrong =
    typed !== '' && mac === undefined ? new AppError('MAC_INVALID', 'no MAC address', { field: 'mac' }) : undefined
  const refusal = refused ?? wrong
  const byAddress = mac && modelOfMaker(parts.catalog, mac)
  return {
    view: mac === undefined ? 'phone-new' : 'phone-new-details',
    title: words.t('phones.add'),
    menu: 'phones',
    ...(refused ? { status: 422 } : {}),
    data: {
      values,
      mac,
      macText: mac === undefined ? '' : formatMac(mac),
      makers: makersOf(parts.catalog).join(' '),
      guess: byAddress === undefined ? words.t('add.guess.none') : words.t('add.guess', { vendor: byAddress.vendor }),
      models: modelChoices(call, byAddress?.family),
      refusal: refusal && refusalOf(call, refusal),
    },
  }
}

/** Whoever scans a phone that is known already, or called in, goes on where more is known of it. */
function beginToAdd(call: PageCall): PageAnswer {
  const { parts, site, live } = call
  const mac = typedMac(parts.catalog, call.query.mac ?? '')
  if (mac === undefined) return addForm(call)
  if (parts.snapshot.deviceByMac(mac)?.siteId === site.id) return { to: done(`/phones/${mac}`, 'knownPhone') }
  if (live.pending().some((one) => one.mac === mac)) return { to: `/pending/${mac}` }
  return addForm(call)
}

export const phonePages = [
  page({ id: 'phones', method: 'get', path: '/phones', of: 'listDevices', run: list }),
  page({ id: 'addPhoneForm', method: 'get', path: '/phones/new', of: 'addDevice', run: beginToAdd }),
  page({
    id: 'addPhone',
    method: 'post',
    path: '/phones/new',
    of: 'addDevice',
    run: async (call) => {
      const { mac = '', model = '', name, number } = call.form
      const lines = number === undefined || number.trim() === '' ? {} : { lines: [{ extension: number.trim() }] }
      const added = await ask<Device>(call, 'addDevice', { body: { mac, model, ...given({ name }), ...lines } })
      return { to: done(`/phones/${added.mac}`, 'added') }
    },
    refused: addForm,
  }),
]
