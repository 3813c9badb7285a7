import type { AppError } from '../../domain/errors.js'
import type { MailKind } from '../../mail/mail.js'
import { ask, done, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { importPath } from './import-rows.js'

interface Mail {
  id: string
  number?: string
  name?: string
  kind: MailKind
  state: 'waiting' | 'sent' | 'failed' | 'not-sent'
  address?: string
  error?: string
  createdAt: string
}

async function list(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { configured, items } = await ask<{ configured: boolean; items: Mail[] }>(call, 'listMails')
  return {
    view: 'mails',
    title: call.words.t('mails.title'),
    menu: 'people',
    ...(refused ? { status: 422 } : {}),
    data: {
      configured,
      mails: items.map((one) => ({
        ...one,
        to: one.name ?? one.address ?? '',
        at: Date.parse(one.createdAt),
        kindText: call.words.t(`mails.kind.${one.kind}`),
        stateText: call.words.t(`mails.state.${one.state}`),
        retryable: one.state === 'failed' || one.state === 'not-sent',
      })),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

interface ImportMails {
  configured: boolean
  added: number
  reachable: number
}

/** Asks before the people of an import get mails. */
async function importMails(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { id = '' } = call.params
  const mails = await ask<ImportMails>(call, 'showImportMails', { params: { id } })
  return {
    view: 'import-mails',
    title: call.words.t('mails.import'),
    menu: 'people',
    ...(refused ? { status: 422 } : {}),
    data: {
      ...mails,
      here: importPath(id),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

export const mailPages = [
  page({
    id: 'importMailsForm',
    method: 'get',
    path: '/import/{id}/mails',
    of: 'showImportMails',
    run: (call) => importMails(call),
  }),
  page({
    id: 'importMails',
    method: 'post',
    path: '/import/{id}/mails',
    of: 'sendImportMails',
    run: async (call) => {
      await ask(call, 'sendImportMails', { params: { id: call.params.id }, body: {} })
      return { to: done('/mails', 'queued') }
    },
    refused: importMails,
  }),
  page({ id: 'mails', method: 'get', path: '/mails', of: 'listMails', run: (call) => list(call) }),
  page({
    id: 'sendMails',
    method: 'post',
    path: '/mails',
    of: 'sendMails',
    run: async (call) => {
      await ask(call, 'sendMails', { body: {} })
      return { to: done('/mails', 'queued') }
    },
    refused: list,
  }),
  page({
    id: 'retryMail',
    method: 'post',
    path: '/mails/{id}/retry',
    of: 'retryMail',
    run: async (call) => {
      await ask(call, 'retryMail', { params: { id: call.params.id } })
      return { to: done('/mails', 'queued') }
    },
    refused: list,
  }),
  page({
    id: 'sendMail',
    method: 'post',
    path: '/people/{number}/mails',
    of: 'sendMail',
    run: async (call) => {
      await ask(call, 'sendMail', { params: { number: call.params.number }, body: {} })
      return { to: done('/mails', 'queued') }
    },
    refused: list,
  }),
]
