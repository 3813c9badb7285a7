import { build } from 'esbuild'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'

/** Whom a web phone registers, and where. */
export interface WebPhoneAccount {
  /** `wss://127.0.0.1:8443/ws` */
  url: string
  user: string
  authUser: string
  password: string
  domain: string
}

let bundled: Promise<string> | undefined

/** JsSIP as one script for a page. */
function jsSip(): Promise<string> {
  bundled ??= build({
    stdin: { contents: "import JsSIP from 'jssip'; window.JsSIP = JsSIP", resolveDir: process.cwd() },
    ...{ bundle: true, write: false, format: 'iife', platform: 'browser', define: { global: 'window' } },
    logLevel: 'error',
  }).then(({ outputFiles }) => outputFiles?.[0]?.text ?? '')
  return bundled
}

/**
 * Serves a page with JsSIP in it on loopback. From elsewhere browsers would not let a page speak to loopback unasked
 * (Local Network Access).
 */
export async function servePage(): Promise<{ port: number; close: () => void }> {
  const script = await jsSip()
  const server = createServer((request, response) => {
    const isScript = request.url === '/jssip.js'
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : '<!doctype html><link rel="icon" href="data:,"><script src="/jssip.js"></script>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

/** The page of that origin in a browser that takes any certificate. */
export async function openWebPhone(browser: Browser, origin: string): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await page.goto(`${origin}/phone`)
  return page
}

/** Registers; gives how that ended: `registered`, the cause of a failure, or `disconnected`. */
export async function register(page: Page, account: WebPhoneAccount): Promise<string> {
  return (await page.evaluate(`new Promise((resolve) => {
    const account = ${JSON.stringify(account)}
    window.heard = []
    const phone = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(account.url)],
      uri: 'sip:' + account.user + '@' + account.domain,
      authorization_user: account.authUser,
      password: account.password,
      register_expires: 300,
      user_agent: 'web phone',
    })
    window.phone = phone
    phone.on('registered', () => resolve('registered'))
    phone.on('registrationFailed', ({ cause }) => resolve(cause))
    phone.on('disconnected', () => resolve('disconnected'))
    phone.on('sipEvent', ({ event }) => window.heard.push(event.event))
    phone.start()
  })`)) as string
}

/** Events (RFC 6665) that the page was told of. */
export async function heard(page: Page): Promise<string[]> {
  return (await page.evaluate('window.heard')) as string[]
}

/** Unregisters and closes the page. */
export async function leave(page: Page): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    window.phone.on('unregistered', resolve)
    window.phone.stop()
  })`)
  await page.context().close()
}
