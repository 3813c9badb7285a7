import type { Change } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { requireExtensionNumber } from '../domain/extension-number.js'
import { newId, type Random } from '../domain/random.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import { queuedState, type CodeKind, type Mail, type MailKind, type MailLanguage, type MailState } from './mail.js'
import type { Message } from './message.js'
import type { ListedMail, MailStore } from './store.js'

export interface MailAdminParts {
  store: MailStore
  clock: Clock
  random: Random
  siteId: Id
  /** An SMTP server is in the settings. */
  configured: boolean
  /** Language of mails where none is asked for. */
  language: MailLanguage
  /** The mail as it would be, with a code that opens nothing. */
  preview(extension: ExtensionRecord, mail: Pick<Mail, 'kind' | 'language' | 'app'>): Promise<Message>
}

export interface MailInput {
  kind?: CodeKind | undefined
  language?: MailLanguage | undefined
  /** Softphone app of the code; default: linphone. */
  app?: string | undefined
}

/** What operators do with mails to people. */
export interface MailAdmin {
  readonly configured: boolean
  /** Puts a mail into the queue; without an SMTP server it is kept as not sent. Throws EXTENSION_NOT_FOUND, REQUEST_INVALID. */
  send(actor: string, number: string, input?: MailInput): Promise<Mail>
  /** One to everybody with an address who never got one; with `numbers` only to these people. */
  sendAll(actor: string, input?: MailInput, numbers?: Iterable<string>): Promise<Mail[]>
  /** How many of these people `sendAll` would send one. */
  reachable(numbers: Iterable<string>, kind?: CodeKind): Promise<number>
  /** A mail that failed, or was not sent, once more. Throws MAIL_NOT_FOUND. */
  retry(actor: string, id: Id): Promise<void>
  list(query?: { state?: MailState | undefined; number?: string | undefined; limit?: number }): Promise<ListedMail[]>
  preview(
    number: string,
    input?: Omit<MailInput, 'kind'> & { kind?: MailKind | undefined },
  ): Promise<Message & { to: string }>
}

const LIST_MAX = 500

export function createMailAdmin(parts: MailAdminParts): MailAdmin {
  const { store, clock, siteId, configured } = parts
  const extensionOf = async (given: string): Promise<ExtensionRecord> => {
    const number = requireExtensionNumber(given)
    const extension = await store.extensionByNumber(siteId, number)
    if (!extension) throw new AppError('EXTENSION_NOT_FOUND', `there is no extension ${number}`, { field: 'extension' })
    return extension
  }
  const add = async (actor: string, people: readonly ExtensionRecord[], input: MailInput): Promise<Mail[]> => {
    const mails = people.map((extension) => draft(parts, actor, extension, input))
    await store.add(
      mails,
      mails.map((mail) => changeOf(actor, 'queue', mail, clock)),
    )
    return mails
  }
  const without = async (
    kind: CodeKind = 'welcome',
    numbers: Iterable<string> | undefined,
  ): Promise<ExtensionRecord[]> => {
    const people = await store.peopleWithout(siteId, kind)
    const wanted = numbers && new Set(numbers)
    return wanted ? people.filter(({ number }) => wanted.has(number)) : people
  }
  return {
    configured,
    send: async (actor, number, input = {}) => {
      const extension = await extensionOf(number)
      requireAddress(extension)
      const [mail] = await add(actor, [extension], input)
      if (!mail) throw new AppError('REQUEST_INVALID', 'nothing to send')
      return mail
    },
    sendAll: async (actor, input = {}, numbers) => add(actor, await without(input.kind, numbers), input),
    reachable: async (numbers, kind) => (await without(kind, numbers)).length,
    retry: async (actor, id) => {
      const mail = await store.mail(id)
      if (mail?.siteId !== siteId) throw new AppError('MAIL_NOT_FOUND', 'there is no such mail', { field: 'mail' })
      await store.retry(id, configured ? 'waiting' : 'not-sent', clock.now(), changeOf(actor, 'retry', mail, clock))
    },
    list: (query = {}) => store.list({ siteId, ...query, limit: Math.min(query.limit ?? 100, LIST_MAX) }),
    preview: async (number, input = {}) => {
      const extension = await extensionOf(number)
      const { kind = 'welcome', language = parts.language, app } = input
      const message = await parts.preview(extension, { kind, language, ...(app === undefined ? {} : { app }) })
      return { ...message, to: extension.email ?? '' }
    },
  }
}

function requireAddress({ email, number }: ExtensionRecord): void {
  if (email !== undefined) return
  throw new AppError('REQUEST_INVALID', `extension ${number} has no e-mail address`, {
    field: 'email',
    hint: 'Give the person an address first',
  })
}

/** A mail to be sent as soon as the server gets to it. */
function draft(
  { clock, random, configured, language }: Pick<MailAdminParts, 'clock' | 'random' | 'configured' | 'language'>,
  actor: string,
  extension: ExtensionRecord,
  input: MailInput,
): Mail {
  const now = clock.now()
  return {
    id: newId(random, now),
    siteId: extension.siteId,
    extensionId: extension.id,
    kind: input.kind ?? 'welcome',
    language: input.language ?? language,
    ...(input.app === undefined ? {} : { app: input.app }),
    ...queuedState(configured, now),
    createdBy: actor,
    createdAt: now,
  }
}

function changeOf(actor: string, action: string, mail: Mail, clock: Clock): Change {
  return {
    author: { actor, at: clock.now() },
    action: `mail.${action}`,
    entity: 'mail',
    entityId: mail.id,
    siteId: mail.siteId,
    after: { kind: mail.kind, language: mail.language, extensionId: mail.extensionId },
    feed: [],
  }
}
