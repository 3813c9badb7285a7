import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { once } from 'node:events'
import type { Browser } from 'playwright-core'
import { WebSocket } from 'ws'
import { launchBrowser } from '../support/browser.js'
import { describeWithClients } from '../support/real-clients.js'
import { servedAccount, fetchUrl, VENDOR_PHONES, vendorPhonesCsv } from '../support/served-phones.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'
import { heard, leave, openWebPhone, register, servePage, type WebPhoneAccount } from '../support/web-phone.js'

const [PHONE] = VENDOR_PHONES

describeWithClients('a web phone in Chromium', { chromium: 'chromium' }, () => {
  let installation: TestInstallation
  let server: ServerProcess
  let browser: Browser
  let account: WebPhoneAccount
  let pages: Awaited<ReturnType<typeof servePage>>

  beforeAll(async () => {
    installation = await TestInstallation.create()
    server = await installation.serve()
    await installation.import(vendorPhonesCsv())
    const url = `${server.http}/${PHONE.file}`
    await eventually(async () => expect((await fetchUrl(url)).status).toBe(200))
    const { user, authUser, password, server: domain } = await servedAccount(PHONE.vendor, url)
    const own = { user, authUser, password: password.reveal(), domain }
    account = { url: `wss://127.0.0.1:${server.ports.https}/ws`, ...own }
    browser = await launchBrowser()
    pages = await servePage()
  }, SERVER_TEST_MS)
  afterAll(async () => {
    pages?.close()
    await browser?.close()
    await installation?.remove()
  }, SERVER_TEST_MS)

  test(
    '[RFC7118-8.1] JsSIP registers over WSS, is told to look for a new config over its connection, and unregisters',
    async () => {
      const page = await openWebPhone(browser, `http://127.0.0.1:${pages.port}`)
      expect(await register(page, account)).toBe('registered')
      const asked = await installation.cli<{ outcome: string }[]>('device', 'resync', PHONE.mac, '--wait')
      expect(asked).toMatchObject([{ outcome: 'heard', status: 200 }])
      expect(await heard(page)).toEqual([expect.stringMatching(/^check-sync/)])
      await leave(page)
      const gone = await installation.runHere(['device', 'resync', PHONE.mac, '--wait', '--json'])
      expect(JSON.parse(gone.stdout)).toMatchObject([{ outcome: 'not-registered' }])
    },
    SERVER_TEST_MS,
  )

  test(
    'a wrong password is refused, and so is a page of another origin',
    async () => {
      const page = await openWebPhone(browser, `http://127.0.0.1:${pages.port}`)
      expect(await register(page, { ...account, password: 'guess' })).toBe('Authentication Error')
      await page.context().close()
      const other = await openWebPhone(browser, `http://localhost:${pages.port}`)
      expect(await register(other, account)).toBe('disconnected')
      await other.context().close()
    },
    SERVER_TEST_MS,
  )

  test.each(['/', '/ws2', '/WS', `/${PHONE.file}`])(
    'SIP is spoken nowhere but at /ws: %s is absent',
    async (path) => {
      const socket = new WebSocket(account.url.replace(/\/ws$/, path), ['sip'], { rejectUnauthorized: false })
      const [error] = (await once(socket, 'error')) as [Error]
      expect(error.message).toContain('404')
    },
    SERVER_TEST_MS,
  )

  test(
    'a server that stops says good-bye to web phones',
    async () => {
      const socket = new WebSocket(account.url, ['sip'], { rejectUnauthorized: false })
      await once(socket, 'open')
      const closed = once(socket, 'close')
      expect(await server.stop()).toBe(0)
      const [code] = (await closed) as [number]
      expect(code).toBe(1001)
    },
    SERVER_TEST_MS,
  )
})
