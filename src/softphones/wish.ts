import type { SoftphoneTransport } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { requireName } from '../extensions/rules.js'
import type { SoftphoneApp, SoftphoneApps } from './app.js'
import { addressNamed, type PublishedAddress } from './published.js'
import type { SoftphonePlace } from './place.js'

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

/** Throws SOFTPHONE_INVALID naming the apps there are. */
export function requireApp(apps: SoftphoneApps, id: string): SoftphoneApp {
  const app = apps.get(id)
  if (!app) {
    throw new AppError('SOFTPHONE_INVALID', `there is no softphone app "${id.slice(0, 40)}"`, {
      field: 'app',
      hint: `Known are ${[...apps.keys()].join(', ')}`,
    })
  }
  return app
}

/** A wish with everything decided. */
export interface Wish {
  app: SoftphoneApp
  name?: string
  transport: SoftphoneTransport
  address: PublishedAddress
  scheme: 'http' | 'https'
  uses: number
  minutes: number
}

/** Throws SOFTPHONE_INVALID naming what cannot be, and what can. */
export function checkedWish(app: SoftphoneApp, place: SoftphonePlace, input: CodeInput): Wish {
  const refuse = (field: string, what: string, hint?: string): AppError =>
    new AppError('SOFTPHONE_INVALID', what, { field, ...(hint === undefined ? {} : { hint }) })
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
