import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { sha256Hex } from '../../domain/fingerprint.js'
import type { Networks } from '../../network/trust.js'
import type { Log } from '../../observe/log.js'
import { drainBody } from '../../provisioning/edge/http-body.js'
import type { HttpGuard } from '../../provisioning/edge/http-guard.js'
import { describeRequest, methodOf } from '../../provisioning/edge/http-request.js'
import type { PhoneHttp } from '../../provisioning/edge/http.js'
import { SEAL_CONTEXTS } from '../../secrets/contexts.js'
import type { SecretBox } from '../../secrets/seal.js'
import type { ExtensionRecord, ListedSnapshot, SoftphoneRecord } from '../../snapshot/snapshot.js'
import type { SoftphoneApp, SoftphoneApps } from '../app.js'
import type { AccountValues } from '../document.js'
import type { SoftphoneStore } from '../store.js'
import { accountValues, SOFTPHONE_PATH } from '../code.js'
import type { SoftphonePlace } from '../place.js'
import { isAppFetch } from '../visitor.js'

/** Who may fetch set-ups: by HTTPS only, by HTTP from trusted networks too, or by HTTP from everywhere. */
export type ServesSoftphones = 'https' | 'http-trusted' | 'http'

/** What the page for people shows; the account only after somebody asked for it, which counts as a fetch. */
export interface CodePage {
  app: SoftphoneApp
  extension: ExtensionRecord
  softphone: SoftphoneRecord
  /** Address of the page. */
  url: string
  link?: string
  account?: AccountValues
  request: IncomingMessage
}

/** A page, or what belongs to one. */
export interface OwnAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  body: string | Buffer
}

export interface SoftphoneHttpOptions {
  serves: ServesSoftphones
  snapshot: Pick<ListedSnapshot, 'softphoneByTokenHash'>
  store: Pick<SoftphoneStore, 'useToken'>
  apps: () => Promise<SoftphoneApps>
  secrets: Pick<SecretBox, 'open'>
  place(siteId: Id): SoftphonePlace
  isTrusted(address: string): boolean
  trustedProxies: Networks
  guard?: HttpGuard
  /** The page for people. */
  page(page: CodePage): Promise<OwnAnswer>
  /** A style or script of the pages; undefined for anything else. */
  asset(path: string, accepted: string): Promise<OwnAnswer | undefined>
  /** Whatever is no live code gets the same answer as any other stranger. */
  otherwise: PhoneHttp
  clock: Clock
  log: Log
}

const CODE = /^\/s\/([0-9a-hjkmnp-tv-z]{32})(?:\/([\w.-]{0,60}))?$/
const ASSETS_PATH = '/assets/'
const RETRY_AFTER_SECONDS = 30

/** Somebody with a live code. */
interface Visit {
  request: IncomingMessage
  response: ServerResponse
  tokenHash: string
  peer: string
  secure: boolean
  /** What stands behind the token: an app's file name, or what a form of the page asks for. */
  rest: string | undefined
  extension: ExtensionRecord
  softphone: SoftphoneRecord
}

type AppVisit = Visit & { app: SoftphoneApp }

/**
 * Set-ups of softphones, in front of the phones' files on the same listeners. A guess costs a hash and a look into
 * memory; a code that is used up, expired, revoked, cut short or never was gets what any unknown file gets.
 */
export function createSoftphoneHttp(options: SoftphoneHttpOptions): PhoneHttp {
  const { otherwise, log } = options
  return (request, response) => {
    const url = request.url ?? ''
    const isAsset = url.startsWith(ASSETS_PATH) && request.method === 'GET'
    if (!isAsset && !url.startsWith(SOFTPHONE_PATH)) {
      otherwise(request, response)
      return
    }
    const begin = (): void => {
      if (isAsset) {
        giveAsset(options, request, response)
        return
      }
      const visit = visitOf(options, request, response)
      if (!visit) {
        otherwise(request, response)
        return
      }
      answer(options, visit).catch((error: unknown) => {
        log.error({ err: error, app: visit.softphone.app }, 'the set-up of a softphone was not given out')
        if (response.headersSent) response.destroy()
        else unavailable(response)
      })
    }
    if (response.socket) begin()
    else response.once('socket', begin)
  }
}

function giveAsset(
  { asset, otherwise }: SoftphoneHttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  asset(request.url ?? '', String(request.headers['accept-encoding'] ?? '')).then(
    (found) => {
      if (!found) return otherwise(request, response)
      const { status, headers, body } = found
      const bytes = Buffer.from(body)
      const forEver = { 'Cache-Control': 'public, max-age=31536000, immutable' }
      response.writeHead(status, { ...headers, ...forEver, 'Content-Length': bytes.byteLength })
      response.end(bytes)
    },
    () => otherwise(request, response),
  )
}

/** Undefined for whoever is nobody to us; a try that failed counts against its address. */
function visitOf(options: SoftphoneHttpOptions, request: IncomingMessage, response: ServerResponse): Visit | undefined {
  const { guard, clock, snapshot, serves } = options
  const question = describeRequest(request, methodOf(request), options.trustedProxies, clock)
  if (!question || guard?.refuses(question.peerAddress)) return undefined
  const [, token = '', rest] = CODE.exec(question.path) ?? []
  const secure = question.transport === 'https'
  const trusted = question.peerAddressProven !== false && options.isTrusted(question.peerAddress)
  const tokenHash = sha256Hex(token)
  const found = token === '' ? undefined : snapshot.softphoneByTokenHash(tokenHash)
  const live = found?.softphone.tokens.some((one) => one.tokenHash === tokenHash && one.expiresAt > clock.now())
  if (!found || !live) {
    guard?.hostile(question.peerAddress, 'guessed-token', SOFTPHONE_PATH)
    return undefined
  }
  if (!secure && serves !== 'http' && !(serves === 'http-trusted' && trusted)) return undefined
  return { request, response, tokenHash, peer: question.peerAddress, secure, rest, ...found }
}

async function answer(options: SoftphoneHttpOptions, found: Visit): Promise<void> {
  const { request, response, rest } = found
  const method = methodOf(request)
  const app = (await options.apps()).get(found.softphone.app)
  if (!app || (method !== 'get' && method !== 'head' && request.method !== 'POST')) {
    options.otherwise(request, response)
    return
  }
  const visit = { ...found, app }
  const header = (name: string): string | undefined => String(request.headers[name] ?? '') || undefined
  const isApp = isAppFetch({ method: request.method ?? '', header })
  const isForm = request.method === 'POST' && !isApp
  if (isForm && rest === 'values') await giveOut(options, visit, (account) => showPage(options, visit, account))
  else if ((isApp || (isForm && rest === 'file')) && app.document) {
    const { document } = app
    await giveOut(options, visit, (account) => {
      const bytes = documentBytes(document.render(account), document)
      const download = isForm ? { 'Content-Disposition': `attachment; filename="${document.file}"` } : {}
      send(visit, { status: 200, headers: { 'Content-Type': document.type, ...download }, body: bytes })
    })
  } else await showPage(options, visit)
}

/** Takes a use of the code, then shows the account; without a use left it is a stranger's request. */
async function giveOut(
  options: SoftphoneHttpOptions,
  visit: AppVisit,
  give: (account: AccountValues) => Promise<void> | void,
): Promise<void> {
  const { request, response, peer, tokenHash } = visit
  const { store, clock, secrets, log } = options
  // Made before it is counted: what cannot be written into the file must not cost a use.
  const { softphone } = visit
  const password = secrets.open(softphone.sealedPassword, SEAL_CONTEXTS.softphonePassword(softphone.id)).reveal()
  const account = accountValues(options.place(softphone.siteId), { ...visit, password, url: urlOf(options, visit) })
  visit.app.document?.render(account)
  const use = { tokenHash, at: clock.now(), ip: peer, userAgent: request.headers['user-agent'] }
  let taken
  try {
    taken = await store.useToken(use)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    log.warn({ err: error }, 'the set-up of a softphone waits for the database')
    unavailable(response)
    return
  }
  if (!taken) {
    options.guard?.hostile(peer, 'guessed-token', SOFTPHONE_PATH)
    options.otherwise(request, response)
    return
  }
  log.info({ app: visit.app.id, extension: visit.extension.number, peer }, 'the set-up of a softphone was fetched')
  await give(account)
}

async function showPage(options: SoftphoneHttpOptions, visit: AppVisit, account?: AccountValues): Promise<void> {
  const { app, extension, softphone, request } = visit
  const url = urlOf(options, visit)
  const values = account ?? accountValues(options.place(softphone.siteId), { ...visit, password: '', url })
  const link = app.link?.(values)
  const page = { app, extension, softphone, url, request, ...(link === undefined ? {} : { link }) }
  send(visit, await options.page(account ? { ...page, account } : page))
}

/** As the code has it: by what is published, never by a Host header. */
function urlOf(options: SoftphoneHttpOptions, { request, softphone, secure }: Visit): string {
  const { base } = options.place(softphone.siteId)
  const path = (request.url ?? '').replace(/[?#].*$/, '')
  const token = CODE.exec(path)?.[1] ?? ''
  return `${base(softphone.address, secure ? 'https' : 'http')}${SOFTPHONE_PATH}${token}`
}

/** What a form or an app sends along is not looked at: the code says everything. */
function send(visit: Visit, given: OwnAnswer): void {
  const { request, response } = visit
  if (request.method === 'POST') drainBody(request, response, () => write(visit, given))
  else write(visit, given)
}

function write({ request, response }: Visit, { status, headers, body }: OwnAnswer): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  response.writeHead(status, {
    ...headers,
    'Content-Length': bytes.byteLength,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Robots-Tag': 'noindex',
  })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

function unavailable(response: ServerResponse): void {
  const body = 'Service Unavailable\n'
  response.writeHead(503, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
    'Retry-After': RETRY_AFTER_SECONDS,
    'Cache-Control': 'no-store',
  })
  response.end(body)
}

/** The file as bytes, as the app wants them. */
function documentBytes(text: string, { encoding, crlf }: { encoding: string; crlf: boolean }): Buffer {
  const lines = crlf ? text.replace(/\r?\n/g, '\r\n') : text
  return encoding === 'utf-16le' ? Buffer.from(`\ufeff${lines}`, 'utf16le') : Buffer.from(lines, 'utf8')
}
