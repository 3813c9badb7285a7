import type { AppError } from '../../domain/errors.js'
import { ask, done, given, page, refusalOf, type Done, type PageAnswer, type PageCall, type PageRow } from '../page.js'
import { makersOf, typedMac } from './makers.js'
import { macOf, phonePath } from './phone.js'
import { modelChoices, phoneRow } from './phones.js'
import type { Device } from './records.js'

/** What is done to a phone at a button. */
interface Action {
  /** Part of the address, and of the words' keys. */
  name: 'block' | 'approve' | 'lost' | 'resync' | 'reboot' | 'remove'
  /** Row of the API that does it. */
  of: string
  done: Done
  body?: object
  /** Where to go on; default: the phone's page. */
  to?: string
}

/** The questions that are asked before. */
type Asked = Extract<Action['name'], 'block' | 'lost' | 'reboot' | 'remove'>

/** A page that asks once more before something is done. */
function confirm(action: Asked): (call: PageCall, refused?: AppError) => Promise<PageAnswer> {
  return async (call, refused) => {
    const phone = await ask<Device>(call, 'showDevice', { params: macOf(call) })
    return {
      view: 'confirm',
      title: call.words.t(`phone.${action}.ask`),
      menu: 'phones',
      ...(refused ? { status: 409 } : {}),
      data: {
        phone: phoneRow(call, phone),
        why: call.words.t(`phone.${action}.why`),
        action: call.words.t(`phone.${action}`),
        here: `/phones/${phone.mac}/${action}`,
        back: `/phones/${phone.mac}`,
        refusal: refused ? refusalOf(call, refused) : undefined,
      },
    }
  }
}

const isAsked = (name: Action['name']): name is Asked => name !== 'approve' && name !== 'resync'

function rowsOf({ name, of, done: word, body, to }: Action): PageRow[] {
  const path = `/phones/{mac}/${name}`
  const asks = isAsked(name) ? confirm(name) : undefined
  const act = page({
    id: `${name}Phone`,
    method: 'post',
    path,
    of,
    run: async (call) => {
      await ask(call, of, { params: macOf(call), ...(body ? { body } : {}) })
      return { to: done(to ?? phonePath(call), word) }
    },
    ...(asks ? { refused: asks } : {}),
  })
  return asks ? [page({ id: `${name}PhoneForm`, method: 'get', path, of, run: (call) => asks(call) }), act] : [act]
}

async function moveForm(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const phone = await ask<Device>(call, 'showDevice', { params: macOf(call) })
  return {
    view: 'phone-move',
    title: call.words.t('phone.move.title'),
    menu: 'phones',
    ...(refused ? { status: 422 } : {}),
    data: {
      phone: phoneRow(call, phone),
      values: { to: '', ...call.form },
      models: modelChoices(call),
      makers: makersOf(call.parts.catalog).join(' '),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

const ACTIONS: readonly Action[] = [
  { name: 'block', of: 'blockDevice', done: 'blocked' },
  { name: 'approve', of: 'approveDevice', done: 'approved' },
  { name: 'lost', of: 'reportDeviceLost', done: 'lost' },
  { name: 'resync', of: 'resyncDevice', done: 'resynced', body: { kind: 'resync' } },
  { name: 'reboot', of: 'resyncDevice', done: 'rebooted', body: { kind: 'reboot' } },
  { name: 'remove', of: 'removeDevice', done: 'removed', to: '/phones' },
]

export const phoneActionPages: readonly PageRow[] = [
  ...ACTIONS.flatMap(rowsOf),
  page({
    id: 'movePhoneForm',
    method: 'get',
    path: '/phones/{mac}/move',
    of: 'moveDevice',
    run: (call) => moveForm(call),
  }),
  page({
    id: 'movePhone',
    method: 'post',
    path: '/phones/{mac}/move',
    of: 'moveDevice',
    run: async (call) => {
      const { to = '', model } = call.form
      const moved = await ask<Device>(call, 'moveDevice', {
        params: macOf(call),
        body: { mac: typedMac(call.parts.catalog, to) ?? to, ...given({ model }) },
      })
      return { to: done(`/phones/${moved.mac}`, 'moved') }
    },
    refused: moveForm,
  }),
]
