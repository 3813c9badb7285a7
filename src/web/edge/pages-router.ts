import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express'
import { PERMISSION_NAMES } from '../../accounts/permissions.js'
import type { Locals } from '../../admin/edge/api.js'
import { endedCookie, sessionCookie } from '../../admin/edge/cookie.js'
import { admit, entitle } from '../../admin/edge/guard.js'
import { readFolder, readUpload, type Upload } from '../../admin/edge/upload.js'
import { arrivalOf } from '../../admin/edge/visitor.js'
import type { AdminParts } from '../../admin/parts.js'
import { toProblem } from '../../admin/problem.js'
import type { Call } from '../../admin/route.js'
import { parseMac } from '../../domain/mac-address.js'
import { AppError } from '../../domain/errors.js'
import type { Networks } from '../../network/trust.js'
import type { Log } from '../../observe/log.js'
import type { Live } from '../live.js'
import {
  hiddenHere,
  permissionsHere,
  refusalOf,
  type Fields,
  type PageAnswer,
  type PageCall,
  type PageRow,
} from '../page.js'
import { PAGES } from '../pages.js'
import { createTemplates, ASSETS_PATH, type Templates } from '../templates.js'
import { languageFor, wordsOf, type Words } from '../words/words.js'
import { serveAssets } from './assets.js'
import { choiceCookies, choicesIn } from './cookies.js'
import { frameOf, plainFrame, type Visit } from './frame.js'
import { LiveStream } from './live-stream.js'
import { sendPage } from './send-page.js'
import { readWebFiles } from './web-files.js'

/** Forms of the pages are short. */
const FORM_BYTES = 128 * 1024
/** Waiting phones taken over from before the start. */
const REMEMBERED_STRANGERS = 500

export interface PagesOptions {
  parts: AdminParts
  live: Live
  trustedProxies: Networks
  log: Log
}

/** Serves the table of pages and their files; goes after the API and leaves to others what is none of it. */
export function createPages(options: PagesOptions): RequestHandler {
  const { parts, live, log } = options
  const files = readWebFiles()
  const program = new Pages(options, createTemplates(files.pages))
  const router = express.Router({ caseSensitive: true, strict: true })
  router.use(ASSETS_PATH, serveAssets(files.assets))
  router.use((_request, response, next) => {
    // Without a referrer a browser sends its forms with `Origin: null` (Fetch standard, 3.2), which is refused.
    response.set('Referrer-Policy', 'same-origin')
    next()
  })
  const readForm = express.urlencoded({ extended: false, limit: FORM_BYTES, parameterLimit: 100 })
  for (const row of PAGES) {
    const path = row.path.replace(/\{(\w+)\}/g, ':$1')
    const handle: RequestHandler = (request, response, next) => {
      program.answer(row, request, response).catch(next)
    }
    if (row.method === 'get') router.get(path, handle)
    else if (row.upload) router.post(path, handle)
    else router.post(path, readForm, handle)
  }
  router.use((request, _response, next) => {
    if (request.method !== 'GET' || !(request.headers.accept ?? '').includes('text/html')) next()
    else next(new AppError('ROUTE_NOT_FOUND', 'there is no such page'))
  })
  router.use(program.refuse)
  rememberStrangers(parts, live, log)
  parts.waiting.onChange((ids) => live.filesWait(ids))
  return router
}

function rememberStrangers(parts: AdminParts, live: Live, log: Log): void {
  parts.strangers(REMEMBERED_STRANGERS).then(
    (strangers) => {
      const waiting = strangers.flatMap((one) => {
        const mac = parseMac(one.lastMac ?? '')
        if (mac === undefined || one.outcome !== 'unknown-device') return []
        const { peer, lastPath: path, lastUserAgent, firstAt, lastAt, requests } = one
        const userAgent = lastUserAgent === undefined ? {} : { userAgent: lastUserAgent }
        return [{ mac, peer, path, ...userAgent, firstAt, lastAt, requests }]
      })
      live.remember(waiting.reverse())
    },
    (error: unknown) => log.warn({ err: error }, 'phones that waited before the start are not known'),
  )
}

class Pages {
  readonly #stream: LiveStream

  constructor(
    private readonly options: PagesOptions,
    private readonly templates: Templates,
  ) {
    this.#stream = new LiveStream(options.parts, options.live)
  }

  async answer(row: PageRow, request: Request, response: Response): Promise<void> {
    const { live } = this.options
    const locals = response.locals as Locals
    locals.routeId = `page:${row.id}`
    const visit = this.#visit(request)
    const files = row.upload === false ? [] : await this.#upload(row, request, response, visit)
    const form = textFields(request.body)
    // What scripts say in headers, forms say in fields.
    if (row.method === 'post') {
      if (form._csrf !== undefined) request.headers['x-csrf-token'] ??= form._csrf
      delete request.headers['if-match']
      if (form._seen !== undefined) request.headers['if-match'] = form._seen
    }
    const call = await this.#admitted(row, request, visit)
    locals.actor = call.by.actor
    const target = request.headers['hx-target']
    const page: PageCall = {
      ...call,
      words: visit.words,
      params: textFields(request.params),
      query: textFields(request.query),
      form,
      file: files[0],
      files,
      live,
      told: live.told,
      part: request.headers['hx-request'] === 'true' && typeof target === 'string' ? target : undefined,
    }
    if (row.stream) this.#listen(page, request, response)
    else {
      const answer = await this.#run(row, page)
      // Nobody goes on with an id that was there before the sign-in.
      if (answer.signedIn && call.sessionId !== undefined) await call.parts.signIn.signOut(call.sessionId)
      await this.#send(page, answer, request, response, visit)
    }
  }

  /** Files are read for somebody who may do the like only. */
  async #upload(row: PageRow, request: Request, response: Response, visit: Visit): Promise<readonly Upload[]> {
    await this.#inSite(visit, (site) => entitle(this.options.parts, row, request, visit.arrival, site))
    if (row.upload === 'folder') return await readFolder(request, response)
    const file = await readUpload(request, response)
    return file ? [file] : []
  }

  #admitted(row: PageRow, request: Request, visit: Visit): Promise<Call> {
    return this.#inSite(visit, (site) => admit(this.options.parts, row, request, visit.arrival, site))
  }

  /** The site is the visitor's choice; one that he may not see (any more) is not. */
  async #inSite<T>({ choices }: Visit, ask: (site: string | undefined) => Promise<T>): Promise<T> {
    try {
      return await ask(choices.site)
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'SITE_NOT_FOUND') || choices.site === undefined) throw error
      return await ask(undefined)
    }
  }

  async #run(row: PageRow, call: PageCall): Promise<PageAnswer> {
    try {
      const answer = await row.run(call)
      if (row.method === 'post') await call.parts.refresh().catch(() => undefined)
      return answer
    } catch (error) {
      if (!row.refused || !(error instanceof AppError)) throw error
      if (error.code === 'FORBIDDEN' || error.code === 'DATABASE_UNUSABLE') throw error
      return row.refused(call, error)
    }
  }

  #visit(request: Request): Visit {
    const { cookie, 'accept-language': wanted } = request.headers
    const choices = choicesIn(cookie)
    return {
      arrival: arrivalOf(request, this.options.trustedProxies),
      words: wordsOf(languageFor(choices.language, wanted)),
      choices,
    }
  }

  #listen(call: PageCall, request: Request, response: Response): void {
    const { sessionId, by, site } = call
    if (sessionId === undefined) throw new AppError('FORBIDDEN', 'events are for signed-in browsers')
    const isSignedIn = async (): Promise<boolean> => (await call.parts.signIn.session(sessionId)) !== undefined
    request.socket.setNoDelay(true)
    const listens = this.#stream.add({ siteId: site.id, rights: by.rights, isSignedIn }, response)
    if (!listens) response.status(503).set('Retry-After', '30').end()
  }

  async #send(call: PageCall, answer: PageAnswer, request: Request, response: Response, visit: Visit): Promise<void> {
    const { arrival } = visit
    const { parts } = call
    response.set('Cache-Control', 'no-store')
    if (answer.signedIn) {
      response.append('Set-Cookie', sessionCookie(answer.signedIn, arrival.secure, parts.clock.now()))
    }
    if (answer.signedOut) response.append('Set-Cookie', endedCookie(arrival.secure))
    for (const cookie of choiceCookies(answer.remember ?? {}, arrival.secure)) response.append('Set-Cookie', cookie)
    if ('to' in answer) {
      response.redirect(303, answer.to)
      return
    }
    if ('download' in answer) {
      const name = answer.download.replace(/[^\w.-]/g, '_')
      response
        .attachment(name)
        .type(answer.type ?? 'text/csv')
        .send(answer.text)
      return
    }
    const frame = { ...frameOf(call, answer, request, visit), stateWords: stateWords(call.words) }
    const data = { ...answer.data, ...frame }
    const around = {
      words: call.words,
      permissions: permissionsHere(call, PERMISSION_NAMES),
      hidden: hiddenHere(call),
      now: parts.clock.now(),
    }
    const part = call.part === undefined ? undefined : this.templates.renderPart(answer.view, call.part, data, around)
    const html = part ?? this.templates.render(answer.view, data, around)
    response.status(answer.status ?? 200).set('Vary', 'HX-Request, HX-Target, Accept-Language, Cookie')
    await sendPage(request, response, html)
  }

  /** A refusal as a page; whoever is not signed in gets to sign in, and then where he wanted to go. */
  readonly refuse: ErrorRequestHandler = (thrown: unknown, request, response, next) => {
    if (response.headersSent) {
      next(thrown)
      return
    }
    const error = asRefusal(thrown)
    const { requestId } = response.locals as Locals
    const problem = toProblem(error, requestId)
    const visit = this.#visit(request)
    const isPart = request.headers['hx-request'] === 'true'
    response.set('Cache-Control', 'no-store')
    if (problem.code === 'SIGNED_OUT' && !isPart && request.path !== '/live') {
      const to =
        request.method === 'GET' && request.originalUrl !== '/' ? `?to=${encodeURIComponent(request.originalUrl)}` : ''
      response.redirect(303, `/sign-in${to}`)
      return
    }
    if (problem.code === 'INTERNAL') {
      this.options.log.error({ err: thrown, requestId, method: request.method }, 'an admin page failed')
    }
    const shown = error instanceof AppError ? error : new AppError('ROUTE_NOT_FOUND', 'internal error')
    const refusal = problem.code === 'INTERNAL' ? { text: visit.words.t('error.INTERNAL') } : refusalOf(visit, shown)
    const data = {
      ...plainFrame(visit.words.t('error.title'), request, visit),
      refusal,
      requestId,
      manySites: false,
      doneText: undefined,
    }
    const around = { words: visit.words, permissions: [], now: this.options.parts.clock.now() }
    response
      .status(problem.status)
      .type('html')
      .send(this.templates.render('error', data, around))
  }
}

const STATES = ['registered', 'provisioning', 'offline', 'blocked', 'pending', 'several', 'disabled'] as const

/** What the script says of an import that ended, and on the note's buttons. */
const NOTES = ['done', 'failed', 'cancelled', 'pasted', 'look', 'close'] as const

/** The words of states and notes, for the script; `{n}` and `{name}` stay. */
function stateWords(words: Words): string {
  return JSON.stringify({
    ...Object.fromEntries(STATES.map((state) => [state, words.t(`state.${state}`)])),
    ...Object.fromEntries(NOTES.map((note) => [`import.${note}`, words.t(`import.note.${note}`)])),
  })
}

/** Only text: a field that was sent twice is none. */
function textFields(fields: unknown): Fields & Record<string, string> {
  if (typeof fields !== 'object' || fields === null) return {}
  return Object.fromEntries(
    Object.entries(fields).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )
}

/** What Express itself refuses, in our words. */
function asRefusal(thrown: unknown): unknown {
  if (typeof thrown !== 'object' || thrown === null || thrown instanceof AppError) return thrown
  const status = 'status' in thrown ? thrown.status : undefined
  if (typeof status !== 'number' || status < 400 || status >= 500) return thrown
  if (status === 413) return new AppError('BODY_TOO_LARGE', 'the form is too large')
  return new AppError('REQUEST_INVALID', 'the request is invalid')
}
