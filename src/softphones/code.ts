import type { Millis } from '../domain/clock.js'
import type { Softphone, SoftphoneToken } from '../domain/entities.js'
import { Secret } from '../domain/secret.js'
import { computeHa1 } from '../sip/digest.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import type { SoftphoneApp } from './app.js'
import type { AccountValues } from './document.js'
import { addressNamed, type PublishedAddress } from './published.js'
import type { SoftphonePlace } from './place.js'

/** Path of the phones' listeners that codes lead to. */
export const SOFTPHONE_PATH = '/s/'

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

export function codeOf(
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
