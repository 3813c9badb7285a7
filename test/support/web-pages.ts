import request from 'supertest'
import { ALL_SITES } from '../../src/accounts/permissions.js'
import { csrfTokenOf } from '../../src/accounts/sign-in.js'
import type { Id } from '../../src/domain/entities.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { NO_NETWORKS } from '../../src/network/trust.js'
import { Live } from '../../src/web/live.js'
import { createPages } from '../../src/web/edge/pages-router.js'
import { BY_TEST } from './accounts.js'
import { adminBench, PASSWORD, type AdminBench } from './admin-api.js'

/** The pages over a database of their own, without a port. */
export interface WebBench extends AdminBench {
  live: Live
  /** A browser in which a new admin with this role has signed in. */
  signedIn(role: string, siteId?: Id): Promise<Browser>
  /** A browser in which nobody has. */
  stranger(): Browser
}

/** Keeps cookies, and sends forms as the pages make them. */
export class Browser {
  readonly #cookies = new Map<string, string>()

  constructor(private readonly bench: AdminBench) {}

  get sessionId(): string | undefined {
    return this.#cookies.get('phoneboot')
  }

  cookie(name: string, value: string): this {
    this.#cookies.set(name, value)
    return this
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<request.Response> {
    return this.#keep(await request(this.bench.app).get(path).set(this.#headers()).set(headers))
  }

  /** A form with the token of the session, as the page would send it. */
  async post(path: string, fields: Record<string, string> = {}): Promise<request.Response> {
    const csrf = this.sessionId === undefined ? {} : { _csrf: csrfTokenOf(this.sessionId) }
    const sent = request(this.bench.app).post(path).set(this.#headers()).type('form')
    return this.#keep(await sent.send({ ...csrf, ...fields }))
  }

  #headers(): Record<string, string> {
    const cookies = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    return { 'Accept-Language': 'en', Accept: 'text/html', ...(cookies === '' ? {} : { Cookie: cookies }) }
  }

  #keep(response: request.Response): request.Response {
    const set = (response.headers['set-cookie'] ?? []) as unknown as string[]
    for (const cookie of set) {
      const [pair = ''] = cookie.split(';')
      const [name = '', value = ''] = pair.split('=')
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return response
  }
}

let names = 0

export async function webBench(): Promise<WebBench> {
  let live: Live | undefined
  const log = { ...SILENT_LOG, error: (fields: object) => console.error(fields) }
  const bench = await adminBench({
    pages: (parts) => {
      live = new Live({ clock: parts.clock, snapshot: parts.snapshot })
      return createPages({ parts, live, trustedProxies: NO_NETWORKS, log })
    },
  })
  if (!live) throw new Error('the pages were not made')
  return {
    ...bench,
    live,
    stranger: () => new Browser(bench),
    signedIn: async (role, siteId = ALL_SITES) => {
      const name = `web-${names++}`
      await bench.accounts.create(BY_TEST, { name, password: PASSWORD, grants: [{ siteId, role }] })
      const browser = new Browser(bench)
      const answer = await browser.post('/sign-in', { login: name, password: PASSWORD })
      if (answer.status !== 303) throw new Error(`sign-in: ${answer.status} ${answer.text}`)
      return browser
    },
  }
}

/** The value of a hidden field in a page. */
export function hiddenField(html: string, name: string): string {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1]
  if (value === undefined) throw new Error(`the page has no field ${name}`)
  return value.replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
