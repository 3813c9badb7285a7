import type { AppError } from '../../domain/errors.js'
import { CODE_KINDS, type MailKind } from '../../mail/mail.js'
import { LANGUAGE_NAMES, LANGUAGES } from '../words/words.js'
import { ask, done, given, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { importPath } from './import-rows.js'
import type { Person } from './records.js'

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

/** A mail as it would be, before it is sent. */
async function preview(call: PageCall): Promise<PageAnswer> {
  const { words, query } = call
  const { number = '' } = call.params
  const { kind = CODE_KINDS[0], language = '' } = query
  const params = { number }
  const person = await ask<Person>(call, 'showExtension', { params })
  const { configured } = await ask<{ configured: boolean }>(call, 'listMails', { query: { limit: '1' } })
  const mail = await ask<{ to: string; subject: string; text: string }>(call, 'previewMail', {
    params,
    query: given({ kind, language }),
  })
  return {
    view: 'mail-new',
    title: words.t('mails.new.title', { name: person.name }),
    menu: 'people',
    data: {
      ...mail,
      configured,
      kind,
      written: language,
      person: { name: person.name, path: `/people/${encodeURIComponent(number)}` },
      kinds: CODE_KINDS.map((id) => ({ id, name: words.t(`mails.kind.${id}`), chosen: id === kind })),
      writtenIn: LANGUAGES.map((id) => ({ id, name: LANGUAGE_NAMES[id], chosen: id === language })),
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
    id: 'newMail',
    method: 'get',
    path: '/people/{number}/mail',
    of: 'previewMail',
    run: (call) => preview(call),
  }),
  page({
    id: 'sendMail',
    method: 'post',
    path: '/people/{number}/mails',
    of: 'sendMail',
    run: async (call) => {
      const { kind, language } = call.form
      await ask(call, 'sendMail', { params: { number: call.params.number }, body: given({ kind, language }) })
      return { to: done('/mails', 'queued') }
    },
    refused: list,
  }),
]
