import type { Databases } from '../../database/edge/connect.js'
import { systemClock } from '../../domain/edge/system-clock.js'
import { systemRandom } from '../../domain/edge/system-random.js'
import type { Id, Site } from '../../domain/entities.js'
import type { OwnAccess } from '../../self-service/access.js'
import { OWN_PATH } from '../../self-service/access.js'
import { mayHaveOwnPage } from '../../self-service/may-have-page.js'
import { hidesFeature } from '../../settings/hidden-features.js'
import { createKnexSettingsStore } from '../../settings/edge/knex-store.js'
import { layerValues } from '../../settings/store.js'
import { firstSet } from '../../snapshot/person-layers.js'
import type { ExtensionRecord } from '../../snapshot/snapshot.js'
import { addressNamed } from '../../softphones/published.js'
import type { Softphones } from '../../softphones/edge/open.js'
import { qrPng } from '../../softphones/edge/qr.js'
import { isNotice, type Mail, type MailAbout, type MailLanguage } from '../mail.js'
import type { composeMail, MailLinks, MailTemplates, MailValues, Message, NoticeValues } from '../message.js'
import { MAIL_ACTOR } from '../notice.js'
import { SendingFailed } from '../outbox.js'
import type { MailStore, NoticeStore } from '../store.js'
import { createMailAdmin, type MailAdmin } from '../use-cases.js'
import { createKnexMailStore } from './knex-store.js'
import { Smtp } from './smtp.js'

type Compose = typeof composeMail

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
    mail: Pick<Mail, 'kind' | 'language' | 'app'>,
    code: { appName: string; uses: number; expiresAt: number },
    links: MailLinks,
  ): Promise<Message> => {
    const { templates, compose } = await texts()
    const values = valuesOf(options, await siteOf(extension.siteId), extension, mail.language, code)
    return compose(templates, mail.kind, mail.language, values, links)
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
  /** The page is there, and the person may open it. */
  const mayHave = async (extension: ExtensionRecord): Promise<boolean> => {
    if (config.selfService === 'off') return false
    const layers = await Promise.all([
      layerValues(settings, 'extension', extension.id),
      layerValues(settings, 'site', extension.siteId),
      layerValues(settings, 'global', ''),
    ])
    const isHidden = hidesFeature(firstSet(layers, 'hiddenFeatures'), 'own-pages')
    return !isHidden && mayHaveOwnPage(layers, extension)
  }
  const admin = (siteId: Id): MailAdmin =>
    createMailAdmin({
      ...{ store, clock: systemClock, random: systemRandom, siteId },
      configured: smtp !== undefined,
      language: config.mailLanguage,
      preview: async (extension, mail) => {
        if (isNotice(mail.kind)) return await writeNotice({ ...mail, siteId, about: sampleAbout() }, extension)
        const app = (await softphones.apps()).get(mail.app ?? DEFAULT_APP)
        const base = ownBase(softphones)
        const own = (await mayHave(extension)) ? { ownUrl: `${base}${OWN_PATH}start/…` } : {}
        const code = {
          appName: app?.name ?? '',
          uses: app?.uses ?? 1,
          expiresAt: systemClock.now() + CODE_MINUTES * 60_000,
        }
        return await write(extension, mail, code, { url: `${base}/s/…`, ...own })
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
      const site = softphones.forSite(mail.siteId)
      const app = mail.app ?? DEFAULT_APP
      const code = await site.create(MAIL_ACTOR, extension.number, { app, minutes: CODE_MINUTES })
      try {
        const own = (await mayHave(extension)) ? await ownAccess.makeLink(extension.id) : undefined
        const ownUrl = own && `${ownBase(softphones)}${OWN_PATH}start/${own.reveal()}`
        const told = { appName: code.app.name, uses: code.uses, expiresAt: code.expiresAt }
        const links = { url: code.url.reveal(), ...(ownUrl === undefined ? {} : { ownUrl }) }
        const message = await write(extension, mail, told, links)
        // The picture leads to the page, never holds the account itself: mails lie around.
        const qr = await qrPng(code.url.reveal())
        await smtp.send({ to, message, qr })
        return address
      } catch (error) {
        // What nobody got opens nothing.
        await site.revoke(MAIL_ACTOR, code.softphone.id).catch(() => undefined)
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
  language: MailLanguage,
  { appName, uses, expiresAt }: { appName: string; uses: number; expiresAt: number },
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
    app: appName,
    uses: String(uses),
    until: new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short' }).format(expiresAt),
    site: site?.name ?? '',
  }
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
