import type { Change } from '../database/change.js'
import type { Clock, Millis } from '../domain/clock.js'
import type { Id, Softphone, SoftphoneToken, SoftphoneTransport } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { requireExtensionNumber } from '../domain/extension-number.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { newId, randomText, type Random } from '../domain/random.js'
import { Secret } from '../domain/secret.js'
import { generatePassword, requireName } from '../extensions/rules.js'
import { accountUserName, BY_NUMBER } from '../extensions/user-names.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SecretBox } from '../secrets/seal.js'
import { computeHa1 } from '../sip/digest.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import type { SoftphoneApp, SoftphoneApps } from './app.js'
import type { AccountValues } from './document.js'
import { addressNamed, type PublishedAddress } from './published.js'
import type { KeptSoftphone, SoftphoneStore, SoftphoneWrites } from './store.js'

/** Crockford's base32: 160 bits, and masked in logs as tokens of phones are. */
const TOKEN_LENGTH = 32
/** Path of the phones' listeners that codes lead to. */
export const SOFTPHONE_PATH = '/s/'

/** Where the server is reached; asked anew each time, for ports and settings are known late. */
export interface SoftphonePlace {
  addresses(): readonly PublishedAddress[]
  /** Domain of the site's addresses of record; undefined: the host an app is told. */
  sipDomain: string | undefined
  /** Digest realm of the site. */
  realm: string
  /** Codes may lead to `http://`. */
  allowsHttp: boolean
  /** False: the phones' listeners do not serve set-ups. */
  serves: boolean
  /** Beginning of addresses of ours, by the name of a published address. */
  base(address: string, scheme: 'http' | 'https'): string
}

export interface SoftphoneAdminParts {
  store: SoftphoneStore
  secrets: SecretBox
  clock: Clock
  random: Random
  siteId: Id
  apps: () => Promise<SoftphoneApps>
  addresses: () => readonly PublishedAddress[]
  place: () => Promise<SoftphonePlace>
}

/** What a code is made for. */
export interface CodeInput {
  app: string
  name?: string | undefined
  transport?: SoftphoneTransport | undefined
  /** Name of a published address; default: the first. */
  address?: string | undefined
  /** Default: https. */
  scheme?: 'http' | 'https' | undefined
  /** Fetches allowed; default: what the app needs. */
  uses?: number | undefined
  minutes?: number | undefined
}

/** Things that are likely to fail, known before the app tries. */
export const CODE_NOTES = ['certificate-names-no-address', 'host-without-dot', 'password-in-code'] as const
export type CodeNote = (typeof CODE_NOTES)[number]

/** A new softphone with its code. Whoever has `text`, `url` or `link` has the account. */
export interface SoftphoneCode {
  softphone: Softphone
  app: SoftphoneApp
  expiresAt: Millis
  uses: number
  /** What the QR code holds. */
  text: Secret
  /** The page for people, which is also what apps fetch. */
  url: Secret
  /** Opens the app when tapped on the device itself. */
  link?: Secret
  notes: readonly CodeNote[]
}

/** What operators do with softphones; `actor` goes into the audit log. */
export interface SoftphoneAdmin {
  apps(): Promise<SoftphoneApps>
  addresses(): readonly PublishedAddress[]
  /** A softphone of its own for a person, with a code that sets it up. Throws EXTENSION_NOT_FOUND, REQUEST_INVALID. */
  create(actor: string, number: string, input: CodeInput): Promise<SoftphoneCode>
  list(number: string): Promise<KeptSoftphone[]>
  /** It cannot register any more, at once. Throws SOFTPHONE_NOT_FOUND. */
  revoke(actor: string, id: Id): Promise<void>
  /** What was fetched stays; the code opens nothing any more. Throws SOFTPHONE_NOT_FOUND. */
  endCodes(actor: string, id: Id): Promise<void>
}

export function createSoftphoneAdmin(parts: SoftphoneAdminParts): SoftphoneAdmin {
  const { store, clock, siteId } = parts
  const changeOf = (actor: string, action: string, softphone: Softphone): Change => ({
    author: { actor, at: clock.now() },
    action: `softphone.${action}`,
    entity: 'softphone',
    entityId: softphone.id,
    siteId: softphone.siteId,
    feed: [{ topic: 'extension', key: softphone.extensionId }],
  })
  const find = async (writes: Pick<SoftphoneWrites, 'softphone'>, id: Id): Promise<KeptSoftphone> => {
    const softphone = await writes.softphone(id)
    if (softphone?.siteId === siteId) return softphone
    throw new AppError('SOFTPHONE_NOT_FOUND', 'there is no such softphone', { field: 'softphone' })
  }
  return {
    apps: parts.apps,
    addresses: parts.addresses,
    create: async (actor, number, input) => {
      const app = requireApp(await parts.apps(), input.app)
      const place = await parts.place()
      const wish = checkedWish(app, place, input)
      return await store.change(async (writes) => {
        const extension = await requireExtension(writes, siteId, number)
        const { softphone, password } = await draft(parts, writes, extension, wish)
        const { token, secret } = draftToken(parts, softphone, wish)
        const after = describeSoftphone(softphone, extension)
        await writes.insert(softphone, token, { ...changeOf(actor, 'add', softphone), after })
        return codeOf(place, { extension, softphone, app, password, token, secret, scheme: wish.scheme })
      })
    },
    list: async (number) => store.ofExtension((await requireExtension(store, siteId, number)).id),
    revoke: (actor, id) =>
      store.change(async (writes) => {
        const softphone = await find(writes, id)
        await writes.remove(softphone, {
          ...changeOf(actor, 'revoke', softphone),
          before: { app: softphone.app, authUsername: softphone.authUsername },
        })
      }),
    endCodes: (actor, id) =>
      store.change(async (writes) => {
        const softphone = await find(writes, id)
        await writes.endTokens(softphone, changeOf(actor, 'end-codes', softphone))
      }),
  }
}

/** Throws REQUEST_INVALID naming the apps there are. */
function requireApp(apps: SoftphoneApps, id: string): SoftphoneApp {
  const app = apps.get(id)
  if (!app) {
    throw new AppError('REQUEST_INVALID', `there is no softphone app "${id.slice(0, 40)}"`, {
      field: 'app',
      hint: `Known are ${[...apps.keys()].join(', ')}`,
    })
  }
  return app
}

async function requireExtension(
  reads: Pick<SoftphoneWrites, 'extensionByNumber'>,
  siteId: Id,
  given: string,
): Promise<ExtensionRecord> {
  const number = requireExtensionNumber(given)
  const extension = await reads.extensionByNumber(siteId, number)
  if (!extension) throw new AppError('EXTENSION_NOT_FOUND', `there is no extension ${number}`, { field: 'extension' })
  return extension
}

/** A wish with everything decided. */
interface Wish {
  app: SoftphoneApp
  name?: string
  transport: SoftphoneTransport
  address: PublishedAddress
  scheme: 'http' | 'https'
  uses: number
  minutes: number
}

function checkedWish(app: SoftphoneApp, place: SoftphonePlace, input: CodeInput): Wish {
  const refuse = (field: string, what: string, hint?: string): AppError =>
    new AppError('REQUEST_INVALID', what, { field, ...(hint === undefined ? {} : { hint }) })
  if (!place.serves) {
    throw refuse('app', 'set-ups of softphones are switched off', 'Set PHONEBOOT_SOFTPHONES to https or http-trusted')
  }
  const addresses = place.addresses()
  const address = addressNamed(addresses, input.address ?? '')
  if (input.address !== undefined && address.name !== input.address) {
    throw refuse('address', `no address "${input.address.slice(0, 40)}" is published`, named(addresses))
  }
  const transport = input.transport ?? app.transports[0] ?? 'udp'
  if (!app.transports.includes(transport)) {
    throw refuse(
      'transport',
      `${app.name} does not register by ${transport}`,
      `It does by ${app.transports.join(', ')}`,
    )
  }
  if (transport === 'tls' && address.tlsPort === undefined) {
    throw refuse('transport', 'this server does not listen for SIP over TLS')
  }
  const scheme = input.scheme ?? 'https'
  if (scheme === 'http' && !place.allowsHttp) {
    throw refuse('scheme', 'set-ups are served by HTTPS only', 'Set PHONEBOOT_SOFTPHONES to http-trusted')
  }
  if ((scheme === 'https' ? address.httpsPort : address.httpPort) === 0) {
    throw refuse('scheme', 'the port of the phones is not known here', 'Set PHONEBOOT_HTTPS_PORT to a fixed port')
  }
  const name = input.name === undefined || input.name.trim() === '' ? {} : { name: requireName(input.name) }
  return {
    app,
    ...name,
    transport,
    address,
    scheme,
    uses: input.uses ?? app.uses,
    minutes: input.minutes ?? app.minutes,
  }
}

function named(addresses: readonly PublishedAddress[]): string {
  return `There are ${addresses.map(({ name }) => name).join(', ')}`
}

async function draft(
  { secrets, clock, random }: SoftphoneAdminParts,
  writes: SoftphoneWrites,
  extension: ExtensionRecord,
  { app, name, transport, address }: Wish,
): Promise<{ softphone: Softphone; password: string }> {
  const id = newId(random, clock.now())
  const password = generatePassword(random)
  const draw = (): string => accountUserName(extension.number, BY_NUMBER, random, 'softphone')
  let authUsername = draw()
  // A drawn name hits one that somebody typed in elsewhere once in a billion.
  for (let attempt = 0; attempt < 3 && (await writes.authUsernameTaken(extension.siteId, authUsername)); attempt += 1) {
    authUsername = draw()
  }
  const softphone: Softphone = {
    id,
    siteId: extension.siteId,
    extensionId: extension.id,
    app: app.id,
    ...(name === undefined ? {} : { name }),
    authUsername,
    sealedPassword: secrets.seal(password, SEAL_CONTEXTS.softphonePassword(id)),
    transport,
    address: address.name,
  }
  return { softphone, password }
}

function draftToken(
  { clock, random }: SoftphoneAdminParts,
  softphone: Softphone,
  { uses, minutes }: Wish,
): { token: SoftphoneToken; secret: string } {
  const secret = randomText(random, TOKEN_LENGTH)
  const expiresAt = clock.now() + minutes * 60_000
  const id = newId(random, clock.now())
  return { token: { id, softphoneId: softphone.id, tokenHash: sha256Hex(secret), usesLeft: uses, expiresAt }, secret }
}

/** What the audit log keeps. */
function describeSoftphone(softphone: Softphone, { number }: ExtensionRecord): Record<string, unknown> {
  const { app, name, authUsername, transport, address } = softphone
  return { extension: number, app, ...(name === undefined ? {} : { name }), authUsername, transport, address }
}

/** What the app is told. */
export function accountValues(
  place: SoftphonePlace,
  {
    extension,
    softphone,
    password,
    url,
  }: {
    extension: Pick<ExtensionRecord, 'number' | 'displayName'>
    softphone: Softphone
    password: string
    url: string
  },
): AccountValues {
  const { host, sipPort, tlsPort } = addressNamed(place.addresses(), softphone.address)
  const { authUsername: user, transport } = softphone
  return {
    name: extension.displayName,
    number: extension.number,
    user,
    password,
    ha1: computeHa1('MD5', user, place.realm, new Secret(password)),
    realm: place.realm,
    domain: place.sipDomain ?? host,
    host,
    port: transport === 'tls' ? (tlsPort ?? sipPort) : sipPort,
    transport,
    url,
    scheme: url.startsWith('https:') ? 'https' : 'http',
  }
}

function codeOf(
  place: SoftphonePlace,
  made: {
    extension: ExtensionRecord
    softphone: Softphone
    app: SoftphoneApp
    password: string
    token: SoftphoneToken
    secret: string
    scheme: 'http' | 'https'
  },
): SoftphoneCode {
  const { softphone, app, token, scheme, secret } = made
  const address = addressNamed(place.addresses(), softphone.address)
  const url = `${place.base(address.name, scheme)}${SOFTPHONE_PATH}${secret}`
  const values = accountValues(place, { ...made, url })
  const text = app.code === 'document' ? (app.document?.render(values) ?? url) : url
  return {
    softphone,
    app,
    expiresAt: token.expiresAt,
    uses: token.usesLeft,
    text: new Secret(text.trim()),
    url: new Secret(url),
    ...(app.link ? { link: new Secret(app.link(values)) } : {}),
    notes: notesOf(app, address, scheme),
  }
}

function notesOf(app: SoftphoneApp, { host }: PublishedAddress, scheme: 'http' | 'https'): CodeNote[] {
  if (app.code === 'document') return ['password-in-code']
  if (app.code === 'page') return []
  const isAddress = /^[\d.]+$/.test(host) || host.startsWith('[')
  if (scheme === 'https' && isAddress) return ['certificate-names-no-address']
  return host.startsWith('[') || !host.includes('.') ? ['host-without-dot'] : []
}
