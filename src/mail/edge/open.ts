import type { Databases } from '../../database/edge/connect.js'
import { systemClock } from '../../domain/edge/system-clock.js'
import { systemRandom } from '../../domain/edge/system-random.js'
import type { Id, Site } from '../../domain/entities.js'
import type { OwnAccess } from '../../self-service/access.js'
import { OWN_PATH } from '../../self-service/access.js'
import { mayHaveOwnPage } from '../../self-service/may-have-page.js'
import { createKnexSettingsStore } from '../../settings/edge/knex-store.js'
import { hidesFeature } from '../../settings/hidden-features.js'
import { layerValues } from '../../settings/store.js'
import { firstSet } from '../../snapshot/person-layers.js'
import type { ExtensionRecord } from '../../snapshot/snapshot.js'
import type { SoftphoneCode } from '../../softphones/code.js'
import type { Softphones } from '../../softphones/edge/open.js'
import { qrPng } from '../../softphones/edge/qr.js'
import { addressNamed } from '../../softphones/published.js'
import { isNotice, type Mail, type MailAbout, type MailLanguage } from '../mail.js'
import type {
  CodeValues,
  composeMail,
  MailLinks,
  MailTemplates,
  MailValues,
  Message,
  NoticeValues,
} from '../message.js'
import { MAIL_ACTOR } from '../notice.js'
import { SendingFailed } from '../outbox.js'
import type { MailStore, NoticeStore } from '../store.js'
import { createMailAdmin, type MailAdmin } from '../use-cases.js'
import { createKnexMailStore } from './knex-store.js'
import { Smtp } from './smtp.js'

type Compose = typeof composeMail
/** A code, as far as its mail tells of it. */
type ToldCode = Pick<SoftphoneCode, 'uses' | 'expiresAt'> & { app: Pick<SoftphoneCode['app'], 'name'> }

/** Time a code in a mail lives: somebody comes back from the weekend. */
const CODE_MINUTES = 3 * 24 * 60
const DEFAULT_APP = 'linphone'

export interface OpenMailOptions {
  databases: Pick<Databases, 'main'>
  config: {
    smtpUrl?: string
    smtpFrom?: string
    mailLanguage: MailLanguage
    selfService: 'off' | 'look' | 'keys'
    softphones: 'off' | 'https' | 'http-trusted' | 'http'
    templatesDir?: string
  }
  softphones: Softphones
  ownAccess: OwnAccess
  sites(): Promise<readonly Site[]>
}

/** Mails over an opened database, for server and command line alike. */
export interface Mailing {
  store: MailStore & NoticeStore
  configured: boolean
  forSite(siteId: Id): MailAdmin
  /** Makes and sends one mail; gives the address. Throws SendingFailed. */
  send(mail: Mail): Promise<string>
  close(): Promise<void>
}

export function openMailing(options: OpenMailOptions): Mailing {
  const { databases, config, softphones, ownAccess } = options
  const store = createKnexMailStore(databases.main)
  const smtp = config.smtpUrl === undefined ? undefined : new Smtp({ url: config.smtpUrl, from: config.smtpFrom ?? '' })
  let loaded: Promise<{ templates: MailTemplates; compose: Compose }> | undefined
  const texts = () =>
    (loaded ??= Promise.all([import('./load-templates.js'), import('../message.js')]).then(([load, message]) => ({
      templates: load.loadMailTemplates(config.templatesDir),
      compose: message.composeMail,
    })))
  const siteOf = async (id: Id): Promise<Site | undefined> => (await options.sites()).find((one) => one.id === id)
  const write = async (
    extension: ExtensionRecord,
    { kind, language }: Pick<Mail, 'kind' | 'language'>,
    links: MailLinks,
    code?: ToldCode,
  ): Promise<Message> => {
    const { templates, compose } = await texts()
    const values = valuesOf(options, await siteOf(extension.siteId), extension)
    return compose(templates, kind, language, { ...values, ...(code && codeValues(code, language)) }, links)
  }
  const writeNotice = async (
    { kind, language, siteId, about }: Pick<Mail, 'kind' | 'language' | 'siteId' | 'about'>,
    extension: ExtensionRecord | undefined,
  ): Promise<Message> => {
    const { templates, compose } = await texts()
    if (!about) throw new SendingFailed('it does not say what it is about', 550)
    return compose(templates, kind, language, noticeValues(await siteOf(siteId), extension, language, about))
  }
  const settings = createKnexSettingsStore(databases.main)
  /** What there is for the person: a page that may be opened, softphones. */
  const offered = async (extension: ExtensionRecord): Promise<{ ownPage: boolean; softphones: boolean }> => {
    const layers = await Promise.all([
      layerValues(settings, 'extension', extension.id),
      layerValues(settings, 'site', extension.siteId),
      layerValues(settings, 'global', ''),
    ])
    return {
      ownPage: config.selfService !== 'off' && mayHaveOwnPage(layers, extension),
      softphones: config.softphones !== 'off' && !hidesFeature(firstSet(layers, 'hiddenFeatures'), 'softphones'),
    }
  }
  const admin = (siteId: Id): MailAdmin =>
    createMailAdmin({
      ...{ store, clock: systemClock, random: systemRandom, siteId },
      configured: smtp !== undefined,
      language: config.mailLanguage,
      preview: async (extension, mail) => {
        if (isNotice(mail.kind)) return await writeNotice({ ...mail, siteId, about: sampleAbout() }, extension)
        const base = ownBase(softphones)
        const has = await offered(extension)
        const own = has.ownPage ? { ownUrl: `${base}${OWN_PATH}start/…` } : {}
        if (!has.softphones) return await write(extension, mail, own)
        const { name = '', uses = 1 } = (await softphones.apps()).get(mail.app ?? DEFAULT_APP) ?? {}
        const code = { app: { name }, uses, expiresAt: systemClock.now() + CODE_MINUTES * 60_000 }
        return await write(extension, mail, { url: `${base}/s/…`, ...own }, code)
      },
    })
  return {
    store,
    configured: smtp !== undefined,
    forSite: admin,
    send: async (mail) => {
      const extension = mail.extensionId === undefined ? undefined : await store.extension(mail.extensionId)
      const address = mail.extensionId === undefined ? mail.address : extension?.email
      if (!smtp) throw new SendingFailed('no SMTP server is configured')
      if (address === undefined) throw new SendingFailed('the person has no e-mail address', 550)
      const to = { name: extension?.displayName ?? '', address }
      if (isNotice(mail.kind)) {
        await smtp.send({ to, message: await writeNotice(mail, extension) })
        return address
      }
      if (!extension) throw new SendingFailed('it is for nobody', 550)
      const has = await offered(extension)
      const site = softphones.forSite(mail.siteId)
      const app = mail.app ?? DEFAULT_APP
      const code = has.softphones
        ? await site.create(MAIL_ACTOR, extension.number, { app, minutes: CODE_MINUTES })
        : undefined
      try {
        const url = code?.url.reveal()
        const own = has.ownPage ? await ownAccess.makeLink(extension.id) : undefined
        const links = {
          ...(url === undefined ? {} : { url }),
          ...(own && { ownUrl: `${ownBase(softphones)}${OWN_PATH}start/${own.reveal()}` }),
        }
        const message = await write(extension, mail, links, code)
        // The picture leads to the page, never holds the account itself: mails lie around.
        await smtp.send({ to, message, ...(url === undefined ? {} : { qr: await qrPng(url) }) })
        return address
      } catch (error) {
        // What nobody got opens nothing.
        if (code) await site.revoke(MAIL_ACTOR, code.softphone.id).catch(() => undefined)
        throw error
      }
    },
    close: async () => smtp?.close(),
  }
}

function ownBase(softphones: Softphones): string {
  return softphones.place(undefined).base('', 'https')
}

function valuesOf(
  { softphones }: Pick<OpenMailOptions, 'softphones'>,
  site: Site | undefined,
  extension: ExtensionRecord,
): MailValues {
  const addresses = softphones.addresses()
  const listed = addresses.map(({ name, host, sipPort }) =>
    addresses.length > 1 ? `${name}: ${host}:${sipPort}` : `${host}:${sipPort}`,
  )
  return {
    name: extension.displayName,
    number: extension.number,
    domain: softphones.place(site).sipDomain ?? addressNamed(addresses, '').host,
    addresses: listed.join(', '),
    site: site?.name ?? '',
  }
}

function codeValues({ app, uses, expiresAt }: ToldCode, language: MailLanguage): CodeValues {
  const until = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short' }).format(expiresAt)
  return { app: app.name, uses: String(uses), until }
}

function noticeValues(
  site: Site | undefined,
  extension: ExtensionRecord | undefined,
  language: MailLanguage,
  { what, at, zone, by, people = '' }: MailAbout,
): NoticeValues {
  return {
    name: extension?.displayName ?? '',
    number: extension?.number ?? '',
    ...{ what, by, people, site: site?.name ?? '' },
    when: new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short', timeZone: zone }).format(at),
  }
}

/** What the preview of a notice is about. */
function sampleAbout(): MailAbout {
  return { what: 'SIP-T21P E2 (80:5e:c0:12:34:56)', at: systemClock.now(), zone: 'Etc/UTC', by: 'web:admin' }
}
