import { parseMac, formatMac, requireMac, type Mac } from '../../domain/mac-address.js'
import type { AppError } from '../../domain/errors.js'
import { phoneState } from '../states.js'
import { ask, done, given, mayUse, page, refusalOf, type PageAnswer, type PageCall, type PageRow } from '../page.js'
import type { Device, Registration } from './records.js'
import { timeline } from './timeline.js'

/** Rows of a page; more make a list that nobody reads. */
export const PAGE_ROWS = '50'

const params = ({ params: { mac = '' } }: PageCall): { mac: string } => ({ mac })

/** A phone as lists and its page show it. */
function phoneRow({ parts, live }: PageCall, phone: Device): object {
  const askedAt = live.askedAt(phone.id)
  return {
    ...phone,
    macText: formatMac(phone.mac as Mac),
    modelName: parts.catalog.model(phone.model)?.name ?? phone.model,
    shown: phoneState(phone, askedAt, parts.clock.now()),
    seenAt: phone.lastSeen === undefined ? undefined : Date.parse(phone.lastSeen),
  }
}

export function modelChoices({ parts }: PageCall): object[] {
  const models = parts.catalog.models().map(({ model, name }) => ({ id: model, name }))
  return models.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
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

async function list(call: PageCall): Promise<PageAnswer> {
  const state = listState(call.query, SORTS)
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

function addForm(call: PageCall, refused?: AppError): PageAnswer {
  return {
    view: 'phone-new',
    title: call.words.t('phones.add'),
    menu: 'phones',
    ...(refused ? { status: 422 } : {}),
    data: {
      values: { ...call.query, ...call.form },
      models: modelChoices(call),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

/** One phone with everything that is known of it. */
async function phonePage(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const phone = await ask<Device>(call, 'showDevice', { params: params(call) })
  const registrations = mayUse(call, 'listRegistrations') ? registrationsOf(call, phone) : undefined
  const files = mayUse(call, 'listDeviceFiles')
    ? (await ask<{ items: object[] }>(call, 'listDeviceFiles', { params: params(call) })).items
    : undefined
  return {
    view: 'phone',
    title: phone.name ?? formatMac(phone.mac as Mac),
    menu: 'phones',
    ...(refused ? { status: refused.code === 'REVISION_CONFLICT' ? 412 : 422 } : {}),
    data: {
      phone: phoneRow(call, phone),
      values: refused && call.form.model !== undefined ? call.form : { name: phone.name ?? '', model: phone.model },
      models: modelChoices(call),
      registrations,
      files,
      ...(mayUse(call, 'listDeviceEvents') ? await timeline(call, phone, registrations ?? []) : {}),
      refusal: refused ? refusalOf(call, refused) : undefined,
      conflict: refused?.code === 'REVISION_CONFLICT' ? `${phone.name ?? '–'}, ${phone.model}` : undefined,
    },
  }
}

function registrationsOf({ parts }: PageCall, { id }: Device): Registration[] {
  const { snapshot } = parts
  return parts.bindings().flatMap((binding) => {
    if (binding.lineId === undefined || snapshot.deviceByLine(binding.lineId)?.id !== id) return []
    return [{ ...binding, number: snapshot.extension(binding.extensionId)?.number ?? '' }]
  })
}

/** A page that asks once more before something is done. */
function confirmPage(action: 'block' | 'remove'): (call: PageCall, refused?: AppError) => Promise<PageAnswer> {
  return async (call, refused) => {
    const phone = await ask<Device>(call, 'showDevice', { params: params(call) })
    return {
      view: 'confirm',
      title: call.words.t(`phone.${action}.ask`),
      menu: 'phones',
      ...(refused ? { status: 409 } : {}),
      data: {
        phone: phoneRow(call, phone),
        why: call.words.t(`phone.${action}.why`),
        action: call.words.t(`phone.${action}`),
        path: `/phones/${phone.mac}/${action}`,
        back: `/phones/${phone.mac}`,
        refusal: refused ? refusalOf(call, refused) : undefined,
      },
    }
  }
}

/** What is done to a phone at a button, without a form. */
function changeState(action: 'block' | 'approve', word: 'blocked' | 'approved'): PageRow {
  const of = `${action}Device`
  return page({
    id: `${action}Phone`,
    method: 'post',
    path: `/phones/{mac}/${action}`,
    of,
    run: async (call) => {
      await ask(call, of, { params: params(call) })
      return { to: done(here(call), word) }
    },
  })
}

const here = (call: PageCall): string => `/phones/${requireMac(call.params.mac ?? '')}`

export const phonePages = [
  page({ id: 'phones', method: 'get', path: '/phones', of: 'listDevices', run: list }),
  page({ id: 'addPhoneForm', method: 'get', path: '/phones/new', of: 'addDevice', run: (call) => addForm(call) }),
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
  page({
    id: 'phone',
    method: 'get',
    path: '/phones/{mac}',
    of: 'showDevice',
    run: (call) => {
      const mac = parseMac(call.params.mac ?? '')
      return mac === undefined || mac === call.params.mac ? phonePage(call) : { to: `/phones/${mac}` }
    },
  }),
  page({
    id: 'savePhone',
    method: 'post',
    path: '/phones/{mac}',
    of: 'updateDevice',
    run: async (call) => {
      const { name = '', model = '' } = call.form
      await ask(call, 'updateDevice', { params: params(call), body: { name, model } })
      return { to: done(here(call), 'saved') }
    },
    refused: phonePage,
  }),
  page({
    id: 'addPhoneLine',
    method: 'post',
    path: '/phones/{mac}/lines',
    of: 'addDeviceLine',
    run: async (call) => {
      const extension = (call.form.number ?? '').trim()
      await ask(call, 'addDeviceLine', { params: params(call), body: { extension } })
      return { to: done(here(call), 'saved') }
    },
    refused: phonePage,
  }),
  page({
    id: 'removePhoneLine',
    method: 'post',
    path: '/phones/{mac}/lines/{position}/remove',
    of: 'removeDeviceLine',
    run: async (call) => {
      const { position = '' } = call.params
      await ask(call, 'removeDeviceLine', { params: { ...params(call), position } })
      return { to: done(here(call), 'saved') }
    },
    refused: phonePage,
  }),
  page({
    id: 'blockPhoneForm',
    method: 'get',
    path: '/phones/{mac}/block',
    of: 'blockDevice',
    run: confirmPage('block'),
  }),
  changeState('block', 'blocked'),
  changeState('approve', 'approved'),
  page({
    id: 'removePhoneForm',
    method: 'get',
    path: '/phones/{mac}/remove',
    of: 'removeDevice',
    run: confirmPage('remove'),
  }),
  page({
    id: 'removePhone',
    method: 'post',
    path: '/phones/{mac}/remove',
    of: 'removeDevice',
    run: async (call) => {
      await ask(call, 'removeDevice', { params: params(call) })
      return { to: done('/phones', 'removed') }
    },
    refused: confirmPage('remove'),
  }),
  page({
    id: 'phoneFile',
    method: 'get',
    path: '/phones/{mac}/files/{name}',
    of: 'showDeviceFile',
    run: async (call) => {
      const { name = '' } = call.params
      const text = await ask<string>(call, 'showDeviceFile', { params: { ...params(call), name } })
      return { view: 'phone-file', title: name, menu: 'phones', data: { name, text, back: here(call) } }
    },
  }),
]
