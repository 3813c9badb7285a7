import type { AppError } from '../../domain/errors.js'
import { SOFTPHONE_TRANSPORTS } from '../../domain/entities.js'
import { codeText, FIRST_APP } from '../own/code-view.js'
import { ask, done, given, page, refusalOf, type Fields, type PageAnswer, type PageCall } from '../page.js'
import type { Person } from './records.js'

interface App {
  id: string
  name: string
  platforms: string[]
  price: 'free' | 'paid' | 'both'
  website: string
  transports: string[]
  code: 'address' | 'document' | 'page'
}

interface Apps {
  items: App[]
  addresses: { name: string; host: string }[]
}

interface Softphone {
  id: string
  app: string
  name?: string
  authUser: string
  transport: string
  address: string
  registered: boolean
  createdAt: string
  fetchedAt?: string
  usesLeft: number
  codeExpiresAt?: string
}

interface Code {
  id: string
  number: string
  person: string
  app: string
  url: string
  link?: string
  svg: string
  png: string
  uses: number
  expiresAt: string
  notes: string[]
}

/** Choices of a form for a code. */
function choices({ words }: Pick<PageCall, 'words'>, { items, addresses }: Apps, form: Fields): object {
  return {
    apps: items.map((one) => ({
      ...one,
      priceText: words.t(`softphone.price.${one.price}`),
      chosen: one.id === (form.app ?? FIRST_APP),
    })),
    addresses: addresses.map((one) => ({ ...one, chosen: one.name === form.address })),
    transports: SOFTPHONE_TRANSPORTS.map((id) => ({ id, name: id.toUpperCase(), chosen: id === form.transport })),
    schemes: ['https', 'http'].map((id) => ({ id, name: id.toUpperCase(), chosen: id === form.scheme })),
    severalAddresses: addresses.length > 1,
    platformNames: { android: 'Android', ios: 'iOS', windows: 'Windows', macos: 'macOS', linux: 'Linux' },
  }
}

/** What a form asked for, as the API takes it. */
function wishOf({ app = '', transport, address, scheme, name }: Fields): object {
  return { app, ...given({ transport, address, scheme, name }) }
}

/** What is shown of a softphone as dot and word. */
function stateOf({ registered, fetchedAt }: Pick<Softphone, 'registered' | 'fetchedAt'>): string {
  if (registered) return 'registered'
  return fetchedAt === undefined ? 'waiting' : 'offline'
}

const numberOf = ({ params: { number = '' } }: PageCall): { number: string } => ({ number })
const personPath = (number: string): string => `/people/${encodeURIComponent(number)}`

function shownCode(call: PageCall, apps: Apps, code: Code): object {
  const app = apps.items.find(({ id }) => id === code.app)
  return {
    ...code,
    appName: app?.name ?? code.app,
    website: app?.website,
    ...(app ? codeText(call.words, app) : {}),
    opensPage: app?.code === 'page',
    valid: call.words.t(app?.code === 'document' ? 'softphone.valid.document' : 'softphone.valid', { uses: code.uses }),
    minutes: Math.max(1, Math.round((Date.parse(code.expiresAt) - call.parts.clock.now()) / 60_000)),
    expires: Date.parse(code.expiresAt),
    notes: noteTexts(call, code.notes),
    file: `${code.number}-${code.app}`,
    svgData: Buffer.from(code.svg).toString('base64'),
  }
}

function noteTexts({ words }: Pick<PageCall, 'words'>, notes: readonly string[]): string[] {
  return notes.map((note) => words.find(`softphone.note.${note}`) ?? note)
}

async function list(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const person = await ask<Person>(call, 'showExtension', { params: numberOf(call) })
  const apps = await ask<Apps>(call, 'listSoftphoneApps')
  const { items } = await ask<{ items: Softphone[] }>(call, 'listSoftphones', { params: numberOf(call) })
  const names = new Map(apps.items.map(({ id, name }) => [id, name]))
  const one = items.find(({ id }) => id === call.query.one)
  return {
    view: 'softphones',
    title: call.words.t('softphones.title', { name: person.name }),
    menu: 'people',
    ...(refused ? { status: 422 } : {}),
    data: {
      person: { name: person.name, number: person.number, path: personPath(person.number) },
      one: { id: one?.id ?? '', state: one ? stateOf(one) : 'offline' },
      softphones: items.map((one) => ({
        ...one,
        appName: names.get(one.app) ?? one.app,
        state: stateOf(one),
        fetched: one.fetchedAt === undefined ? undefined : Date.parse(one.fetchedAt),
        expires: one.codeExpiresAt === undefined ? undefined : Date.parse(one.codeExpiresAt),
      })),
      values: call.form,
      refusal: refused ? refusalOf(call, refused) : undefined,
      ...choices(call, apps, call.form),
    },
  }
}

async function sheetForm(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const apps = await ask<Apps>(call, 'listSoftphoneApps')
  const groups = await call.use.groups.list()
  return {
    view: 'softphone-sheet-new',
    title: call.words.t('softphone.sheet'),
    menu: 'people',
    ...(refused ? { status: 422 } : {}),
    data: {
      groups: groups.map(({ name, devices }) => ({ name, devices, chosen: name === call.form.group })),
      values: call.form,
      refusal: refused ? refusalOf(call, refused) : undefined,
      ...choices(call, apps, call.form),
    },
  }
}

export const softphonePages = [
  page({
    id: 'softphoneSheetForm',
    method: 'get',
    path: '/softphone-sheet',
    of: 'makeSoftphoneSheet',
    run: (call) => sheetForm(call),
  }),
  page({
    id: 'softphoneSheet',
    method: 'post',
    path: '/softphone-sheet',
    of: 'makeSoftphoneSheet',
    run: async (call) => {
      const numbers = (call.form.numbers ?? '').split(/[\s,;]+/).filter((one) => one !== '')
      const who = numbers.length > 0 ? { numbers } : given({ group: call.form.group })
      const body = { ...wishOf({ ...call.form, name: undefined }), ...who }
      const { items } = await ask<{ items: Code[] }>(call, 'makeSoftphoneSheet', { body })
      const apps = await ask<Apps>(call, 'listSoftphoneApps')
      return {
        view: 'softphone-sheet',
        title: call.words.t('softphone.sheet'),
        menu: 'people',
        data: {
          codes: items.map((one) => shownCode(call, apps, one)),
          notes: noteTexts(call, [...new Set(items.flatMap(({ notes }) => notes))]),
        },
      }
    },
    refused: sheetForm,
  }),
  page({
    id: 'softphones',
    method: 'get',
    path: '/people/{number}/softphones',
    of: 'listSoftphones',
    run: (call) => list(call),
  }),
  page({
    id: 'addSoftphone',
    method: 'post',
    path: '/people/{number}/softphones',
    of: 'addSoftphone',
    run: async (call) => {
      const code = await ask<Code>(call, 'addSoftphone', { params: numberOf(call), body: wishOf(call.form) })
      const apps = await ask<Apps>(call, 'listSoftphoneApps')
      return {
        view: 'softphone-code',
        title: call.words.t('softphone.code', { name: code.person, number: code.number }),
        menu: 'people',
        data: {
          code: shownCode(call, apps, code),
          person: { number: code.number, path: personPath(code.number) },
          one: { id: code.id, state: 'waiting' },
          back: `${personPath(code.number)}/softphones`,
        },
      }
    },
    refused: list,
  }),
  page({
    id: 'revokeSoftphone',
    method: 'post',
    path: '/people/{number}/softphones/{id}/revoke',
    of: 'revokeSoftphone',
    run: async (call) => {
      await ask(call, 'revokeSoftphone', { params: { id: call.params.id } })
      return { to: done(`${personPath(numberOf(call).number)}/softphones`, 'removed') }
    },
    refused: list,
  }),
]
