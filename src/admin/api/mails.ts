import { z } from 'zod'
import { CODE_KINDS, MAIL_KINDS, MAIL_LANGUAGES, MAIL_STATES, type Mail } from '../../mail/mail.js'
import type { ListedMail } from '../../mail/store.js'
import { route } from '../route.js'
import { number, text, time } from './schemas.js'
import { isoTime } from './views.js'

const TAG = 'Mails'

const mail = z
  .object({
    id: z.string(),
    number: z.string().optional(),
    name: z.string().optional(),
    kind: z.enum(MAIL_KINDS),
    language: z.enum(MAIL_LANGUAGES),
    app: z.string().optional(),
    state: z.enum(MAIL_STATES).meta({ description: 'not-sent: no SMTP server is configured' }),
    attempts: z.number().int(),
    address: z.string().optional(),
    error: z.string().optional(),
    createdAt: time,
    createdBy: z.string(),
    nextAt: time.optional().meta({ description: 'When a waiting mail is tried next' }),
    finishedAt: time.optional(),
  })
  .meta({ id: 'Mail' })

const input = {
  kind: z.enum(CODE_KINDS).optional(),
  language: z.enum(MAIL_LANGUAGES).optional(),
  app: text.optional().meta({ description: 'Softphone app that the code is for' }),
}

function mailView(one: Mail & Partial<Pick<ListedMail, 'number' | 'name' | 'email'>>): z.input<typeof mail> {
  return {
    id: one.id,
    number: one.number,
    name: one.name,
    kind: one.kind,
    language: one.language,
    app: one.app,
    state: one.state,
    attempts: one.attempts,
    address: one.address ?? one.email,
    error: one.error,
    createdAt: isoTime(one.createdAt),
    createdBy: one.createdBy,
    nextAt: one.state === 'waiting' ? isoTime(one.nextAt) : undefined,
    finishedAt: isoTime(one.finishedAt),
  }
}

export const mailRoutes = [
  route({
    id: 'listMails',
    method: 'get',
    path: '/mails',
    tag: TAG,
    summary: 'Mails and what became of them, newest first; those without a number go to whoever looks after the phones',
    access: 'people.read',
    query: {
      state: z.enum(MAIL_STATES).optional(),
      number: number.optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    },
    answer: z.object({ configured: z.boolean(), items: z.array(mail) }),
    handle: async ({ use, query: { state, number: own, limit } }) => {
      const items = (await use.mails.list({ state, number: own, limit })).map(mailView)
      return { body: { configured: use.mails.configured, items } }
    },
  }),
  route({
    id: 'sendMail',
    method: 'post',
    path: '/extensions/{number}/mails',
    tag: TAG,
    summary: 'Send a person a mail with extension, addresses and a code; never with the password',
    access: 'people.password',
    params: { number },
    body: z.strictObject(input),
    status: 202,
    answer: mail,
    handle: async ({ use, by, params: { number: own }, body }) => ({
      body: mailView(await use.mails.send(by.actor, own, body)),
      location: '/mails',
    }),
  }),
  route({
    id: 'sendMails',
    method: 'post',
    path: '/mails',
    tag: TAG,
    summary: 'Send everybody with an address a mail who never got one',
    access: 'people.password',
    body: z.strictObject(input),
    status: 202,
    answer: z.object({ configured: z.boolean(), queued: z.number().int() }),
    handle: async ({ use, by, body }) => {
      const queued = await use.mails.sendAll(by.actor, body)
      return { body: { configured: use.mails.configured, queued: queued.length } }
    },
  }),
  route({
    id: 'showImportMails',
    method: 'get',
    path: '/imports/{id}/mails',
    tag: TAG,
    summary: 'How many of those that an import added have an address and got no welcome mail yet',
    access: 'people.read',
    params: { id: text },
    answer: z.object({ configured: z.boolean(), added: z.number().int(), reachable: z.number().int() }),
    handle: async ({ use, params: { id } }) => {
      const added = await use.bulk.addedPeople(id)
      const { configured } = use.mails
      return { body: { configured, added: added.size, reachable: await use.mails.reachable(added) } }
    },
  }),
  route({
    id: 'sendImportMails',
    method: 'post',
    path: '/imports/{id}/mails',
    tag: TAG,
    summary: 'Send a welcome mail to those that an import added',
    access: 'people.password',
    params: { id: text },
    body: z.strictObject(input),
    status: 202,
    answer: z.object({ configured: z.boolean(), queued: z.number().int() }),
    handle: async ({ use, by, params: { id }, body }) => {
      const queued = await use.mails.sendAll(by.actor, body, await use.bulk.addedPeople(id))
      return { body: { configured: use.mails.configured, queued: queued.length } }
    },
  }),
  route({
    id: 'retryMail',
    method: 'post',
    path: '/mails/{id}/retry',
    tag: TAG,
    summary: 'Send a mail again that failed or was not sent',
    access: 'people.password',
    params: { id: text },
    handle: async ({ use, by, params: { id } }) => {
      await use.mails.retry(by.actor, id)
      return {}
    },
  }),
  route({
    id: 'previewMail',
    method: 'get',
    path: '/extensions/{number}/mail-preview',
    tag: TAG,
    summary: 'A mail as it would be, with a code that opens nothing',
    access: 'people.read',
    params: { number },
    query: { ...input, kind: z.enum(MAIL_KINDS).optional() },
    answer: z.object({ to: z.string(), subject: z.string(), text: z.string(), html: z.string() }),
    handle: async ({ use, params: { number: own }, query: { kind, language, app } }) => ({
      body: await use.mails.preview(own, { kind, language, app }),
    }),
  }),
]
