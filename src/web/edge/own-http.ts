import type { IncomingMessage, ServerResponse } from 'node:http'
import { isHidden } from '../../admin/features.js'
import type { SiteUseCases } from '../../admin/parts.js'
import type { Clock } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { sha256Hex } from '../../domain/fingerprint.js'
import type { Networks } from '../../network/trust.js'
import type { Log } from '../../observe/log.js'
import type { HttpGuard } from '../../provisioning/edge/http-guard.js'
import { describeRequest, methodOf } from '../../provisioning/edge/http-request.js'
import type { PhoneHttp } from '../../provisioning/edge/http.js'
import { OWN_PATH, type OwnAccess } from '../../self-service/access.js'
import { mayHaveOwnPage } from '../../self-service/may-have-page.js'
import { changedCalls, freeCalls } from '../../self-service/own-calls.js'
import { changedKeys } from '../../self-service/own-keys.js'
import type { OwnSignIn } from '../../self-service/sign-in.js'
import type { ExtensionRecord } from '../../snapshot/snapshot.js'
import type { OwnAnswer } from '../../softphones/edge/http.js'
import { qrSvg } from '../../softphones/edge/qr.js'
import { formOf, isTooLarge, TOO_LARGE } from './own-form.js'
import { ownHome, ownLayers, type HomeNews, type OwnHomeSources } from './own-home.js'
import type { OwnPages } from './own-pages.js'
import { SIGN_IN_PATH, signInPage } from './own-sign-in.js'

export interface OwnHttpOptions extends OwnHomeSources {
  access: OwnAccess
  /** Absent: people come by links alone. */
  signIn?: (() => Promise<OwnSignIn>) | undefined
  forSite(siteId: Id): Pick<SiteUseCases, 'extensions' | 'settings' | 'softphones'>
  refresh(): Promise<void>
  pages(): Promise<OwnPages>
  trustedProxies: Networks
  guard?: HttpGuard
  /** Whoever has no link and no session gets the same answer as any other stranger. */
  otherwise: PhoneHttp
  clock: Clock
  log: Log
}

const START = /^\/me\/start\/([0-9a-hjkmnp-tv-z]{32})$/
/** Behind the address after something was saved. */
const SAVED = '?done=saved'
const REVOKE = /^\/me\/softphones\/([0-9a-z]{26})\/revoke$/
const COOKIE = 'phoneboot-me'

interface Visit {
  request: IncomingMessage
  response: ServerResponse
  path: string
  peer: string
}

/** People's own pages, by HTTPS only, in front of the phones' files. */
export function createOwnHttp(options: OwnHttpOptions): PhoneHttp {
  const { otherwise, log } = options
  return (request, response) => {
    const begin = (): void => {
      const question = describeRequest(request, methodOf(request), options.trustedProxies, options.clock)
      if (question?.transport !== 'https' || options.guard?.refuses(question.peerAddress)) {
        otherwise(request, response)
        return
      }
      const visit = { request, response, path: question.path, peer: question.peerAddress }
      answer(options, visit).catch((error: unknown) => {
        if (isTooLarge(error)) return send(visit, TOO_LARGE)
        log.error({ err: error }, 'the own page of a person was not shown')
        if (response.headersSent) response.destroy()
        else send(visit, { status: 503, headers: { 'Content-Type': 'text/plain' }, body: 'Service Unavailable\n' })
      })
    }
    if (!(request.url ?? '').startsWith(OWN_PATH)) otherwise(request, response)
    else if (response.socket) begin()
    else response.once('socket', begin)
  }
}

async function answer(options: OwnHttpOptions, visit: Visit): Promise<void> {
  const { access, snapshot } = options
  const { request, path } = visit
  const isPost = request.method === 'POST'
  if (request.method !== 'GET' && request.method !== 'HEAD' && !isPost) return stranger(options, visit)
  const token = START.exec(path)?.[1]
  if (token !== undefined) return start(options, visit, token, isPost)
  if (path === SIGN_IN_PATH && options.signIn) return signIn(options, visit, await options.signIn())
  const sessionId = cookieOf(request)
  const owner = sessionId === undefined ? undefined : await access.session(sessionId)
  const extension = owner === undefined ? undefined : snapshot.extension(owner)
  const may = extension && mayHaveOwnPage(ownLayers(options, extension), extension)
  if (sessionId === undefined || !extension || !may) {
    if (options.signIn && path === OWN_PATH && !isPost) return send(visit, goTo(SIGN_IN_PATH))
    return stranger(options, visit)
  }
  const csrf = sha256Hex(`csrf ${sessionId}`).slice(0, 32)
  if (!isPost)
    return path === OWN_PATH
      ? home(options, visit, extension, csrf, newsOf(request))
      : options.otherwise(request, visit.response)
  const form = await formOf(request)
  if (form.get('_csrf') !== csrf) return absent(visit)
  try {
    await change(options, visit, extension, { csrf, form, sessionId })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    await home(options, visit, extension, csrf, { refused: error })
  }
}

/** Looking at a link does not use it up, as programs that look at links do; the button does. */
async function start(options: OwnHttpOptions, visit: Visit, token: string, isPost: boolean): Promise<void> {
  if (!isPost) {
    if (!(await options.access.isLink(token))) return stranger(options, visit)
    const pages = await options.pages()
    const words = pages.words(visit.request)
    const data = { title: words.t('own.start.title'), language: words.language, path: visit.path }
    return send(visit, pages.render('own-start', words, data))
  }
  const session = await options.access.redeem(token)
  if (!session) return stranger(options, visit)
  visit.request.resume()
  send(visit, begun(session.reveal()))
}

async function signIn(options: OwnHttpOptions, visit: Visit, how: OwnSignIn): Promise<void> {
  const { request, peer } = visit
  const form = request.method === 'POST' ? await formOf(request) : undefined
  send(visit, await signInPage(how, { request, peer, form, begun, pages: await options.pages() }))
}

/** What the address tells that was done before. */
function newsOf({ url = '' }: IncomingMessage): HomeNews {
  return { saved: url.endsWith(SAVED) }
}

function goTo(path: string): OwnAnswer {
  return { status: 303, headers: { Location: path }, body: '' }
}

/** On with a session that begins now. */
function begun(session: string): OwnAnswer {
  const cookie = `${COOKIE}=${session}; Path=${OWN_PATH}; HttpOnly; Secure; SameSite=Strict`
  return { status: 303, headers: { Location: OWN_PATH, 'Set-Cookie': cookie }, body: '' }
}

async function left({ pages: load, signIn: how }: OwnHttpOptions, visit: Visit): Promise<void> {
  const pages = await load()
  const words = pages.words(visit.request)
  const data = { title: words.t('own.left.title'), language: words.language, signIn: how !== undefined }
  const { headers, ...page } = pages.render('own-left', words, data)
  const cookie = `${COOKIE}=; Path=${OWN_PATH}; Max-Age=0; HttpOnly; Secure; SameSite=Strict`
  send(visit, { ...page, headers: { ...headers, 'Set-Cookie': cookie } })
}

async function change(
  options: OwnHttpOptions,
  visit: Visit,
  extension: ExtensionRecord,
  { csrf, form, sessionId }: { csrf: string; form: URLSearchParams; sessionId: string },
): Promise<void> {
  const { path } = visit
  const use = options.forSite(extension.siteId)
  const actor = `self:${extension.number}`
  const revoked = REVOKE.exec(path)?.[1]
  if (path === `${OWN_PATH}leave`) {
    await options.access.endSession(sessionId)
    return left(options, visit)
  }
  if (path === `${OWN_PATH}password` && options.signIn) {
    const how = await options.signIn()
    await how.setPassword(extension, form.get('password') ?? '', sessionId)
    return home(options, visit, extension, csrf, { passwordSet: true })
  }
  const isOfSoftphones = path.startsWith(`${OWN_PATH}softphones`)
  if (isOfSoftphones && isHidden(options.snapshot, extension.siteId, 'softphones')) {
    throw new AppError('FEATURE_HIDDEN', 'the site does without softphones')
  }
  if (path === `${OWN_PATH}softphones`) {
    const code = await use.softphones.create(actor, extension.number, { app: form.get('app') ?? '' })
    const svg = await qrSvg(code.text.reveal())
    return home(options, visit, extension, csrf, { code: { app: code.app, svg, url: code.url.reveal() } })
  }
  if (revoked !== undefined && (await use.softphones.list(extension.number)).some(({ id }) => id === revoked)) {
    await use.softphones.revoke(actor, revoked)
  } else if (path === `${OWN_PATH}keys` && options.mayChange) {
    await use.extensions.setKeys(actor, extension.number, changedKeys(extension, form))
  } else if (path === `${OWN_PATH}calls` && options.mayChange) {
    const values = changedCalls(form, freeCalls(ownLayers(options, extension)))
    await use.settings.setAll(actor, { layer: 'extension', owner: extension.id }, values)
  } else return absent(visit)
  await options.refresh().catch(() => undefined)
  send(visit, goTo(OWN_PATH + SAVED))
}

async function home(
  options: OwnHttpOptions,
  visit: Visit,
  extension: ExtensionRecord,
  csrf: string,
  more: HomeNews = {},
): Promise<void> {
  const pages = await options.pages()
  const login = (await options.signIn?.())?.loginOf(extension)
  send(visit, await ownHome(options, pages, pages.words(visit.request), { extension, csrf, login, ...more }))
}

/** Counts against the address, and answers as the phones' own handler does. */
function stranger({ guard, otherwise }: OwnHttpOptions, { request, response, peer }: Visit): void {
  guard?.hostile(peer, 'guessed-token', OWN_PATH)
  otherwise(request, response)
}

/** For somebody who is known, after a form was read that the phones' handler could not read any more. */
function absent(visit: Visit): void {
  send(visit, { status: 404, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: 'Not Found\n' })
}

function cookieOf({ headers }: IncomingMessage): string | undefined {
  return new RegExp(`(?:^|;\\s*)${COOKIE}=([0-9a-hjkmnp-tv-z]{32})(?:;|$)`).exec(headers.cookie ?? '')?.[1]
}

function send({ request, response }: Visit, { status, headers, body }: OwnAnswer): void {
  const bytes = Buffer.from(body)
  response.writeHead(status, {
    ...headers,
    'Content-Length': bytes.byteLength,
    'Cache-Control': 'no-store',
    // Forms of the page must name their origin; nothing leads elsewhere but codes of ours.
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Robots-Tag': 'noindex',
  })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}
