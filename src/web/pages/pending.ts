import type { Catalog } from '../../catalog/catalog.js'
import { AppError } from '../../domain/errors.js'
import { formatMac, parseMac, requireMac } from '../../domain/mac-address.js'
import type { PendingPhone } from '../live.js'
import { ask, done, given, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { modelOfMaker } from './makers.js'
import { modelChoices } from './phones.js'
import type { Device } from './records.js'

/** What a stranger's MAC, User-Agent and file name make likely; all of it may be made up. */
interface Guess {
  vendor?: string
  /** Id of a model in the catalogue. */
  model?: string
}

function guessOf(catalog: Catalog, { mac, userAgent, path }: Pick<PendingPhone, 'mac' | 'userAgent' | 'path'>): Guess {
  const claim = userAgent === undefined ? undefined : catalog.userAgent(userAgent)
  const claimed = claim && catalog.modelByToken(claim.family, claim.model)
  const named = [...new Set(catalog.findFile(path.split('/').at(-1) ?? '').map(({ model }) => model.model))]
  const model = claimed?.model ?? (named.length === 1 ? named[0] : undefined)
  const vendor = modelOfMaker(catalog, mac)?.vendor ?? claimed?.vendor
  return { ...(vendor === undefined ? {} : { vendor }), ...(model === undefined ? {} : { model }) }
}

function row({ parts }: PageCall, phone: PendingPhone): object {
  const guess = guessOf(parts.catalog, phone)
  return {
    ...phone,
    ...guess,
    macText: formatMac(phone.mac),
    oui: formatMac(phone.mac).slice(0, 8),
    file: phone.path.split('/').at(-1) ?? '',
    modelName: guess.model === undefined ? undefined : parts.catalog.model(guess.model)?.name,
  }
}

function list(call: PageCall): PageAnswer {
  return {
    view: 'pending',
    title: call.words.t('pending.title'),
    menu: 'pending',
    data: { phones: call.live.pending().map((one) => row(call, one)) },
  }
}

function assignForm(call: PageCall, refused?: AppError): PageAnswer {
  const mac = requireMac(call.params.mac ?? '')
  const waiting = call.live.pending().find((one) => one.mac === mac)
  const guess = waiting && guessOf(call.parts.catalog, waiting)
  return {
    view: 'assign',
    title: call.words.t('pending.assign.title', { mac: formatMac(mac) }),
    menu: 'pending',
    ...(refused ? { status: 422 } : {}),
    data: {
      mac,
      macText: formatMac(mac),
      waiting: waiting && row(call, waiting),
      models: modelChoices(call),
      values: { who: 'existing', model: guess?.model ?? '', ...call.form },
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

/** Adds the phone, and the person first when it is somebody new; a phone that is refused leaves nobody behind. */
async function assign(call: PageCall): Promise<PageAnswer> {
  const { who, model = '', number = '', newNumber = '', personName = '', name } = call.form
  const mac = requireMac(call.params.mac ?? '')
  if (!call.parts.catalog.model(model)) {
    throw new AppError('MODEL_UNKNOWN', 'choose a model from the list', { field: 'model' })
  }
  const isNew = who === 'new'
  if (isNew) await ask(call, 'addExtension', { body: { number: newNumber.trim(), name: personName } })
  const extension = isNew ? newNumber.trim() : number.trim()
  const lines = who === 'nobody' ? [] : [{ extension }]
  try {
    await ask<Device>(call, 'addDevice', { body: { mac, model, ...given({ name }), lines } })
  } catch (error) {
    if (isNew) await call.use.extensions.remove(call.by.actor, extension, { force: true })
    throw error
  }
  return { to: done(`/phones/${mac}`, 'assigned') }
}

/** The fields of the form have other names than those of the use cases. */
function asTyped(call: PageCall, error: AppError): AppError {
  const fields: Record<string, string> =
    call.form.who === 'new' ? { number: 'newNumber', name: 'personName' } : { extension: 'number' }
  const field = error.details.field === undefined ? undefined : fields[error.details.field]
  return field === undefined ? error : new AppError(error.code, error.message, { ...error.details, field })
}

interface Person {
  number: string
  name: string
}

export const pendingPages = [
  page({ id: 'pending', method: 'get', path: '/pending', of: 'listStrangers', run: list }),
  page({ id: 'assignForm', method: 'get', path: '/pending/{mac}', of: 'addDevice', run: (call) => assignForm(call) }),
  page({
    id: 'assign',
    method: 'post',
    path: '/pending/{mac}',
    of: 'addDevice',
    run: assign,
    refused: (call, error) => {
      if (parseMac(call.params.mac ?? '') === undefined) throw error
      return assignForm(call, asTyped(call, error))
    },
  }),
  page({
    id: 'peopleChoices',
    method: 'get',
    path: '/people/choices',
    of: 'listExtensions',
    run: async (call) => {
      const typed = call.query.number ?? call.query.q ?? ''
      const query = { sort: 'number', limit: '20', ...given({ q: typed }) }
      const { items } = await ask<{ items: Person[] }>(call, 'listExtensions', { query })
      return { view: 'people-choices', title: '', data: { choices: items } }
    },
  }),
]
