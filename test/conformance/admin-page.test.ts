import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import {
  becomeOwner,
  expectAccessible,
  expectFits,
  launchBrowser,
  MOBILE,
  openPage,
  openSetUp,
  signIn,
} from '../support/browser.js'
import { tabTo } from '../support/keyboard.js'
import { describeWithClients } from '../support/real-clients.js'
import { fetchUrl, registerAccount, servedAccount } from '../support/served-phones.js'
import { SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

const MAC = '805ec00000aa'
const MAC_TEXT = '80:5e:c0:00:00:aa'
const USER_AGENT = `Yealink SIP-T21P_E2 52.84.0.125 ${MAC_TEXT}`
const PASSWORD = 'Correct horse 9'
/** Over the wire, for somebody who comes for the first time. */
const FIRST_PAGE_BYTES = 150_000

describeWithClients('the admin page in Chromium', { chromium: 'chromium' }, () => {
  let installation: TestInstallation
  let server: ServerProcess
  let browser: Browser

  beforeAll(async () => {
    installation = await TestInstallation.create()
    server = await installation.serve()
    browser = await launchBrowser()
  }, SERVER_TEST_MS)
  afterAll(async () => {
    await browser?.close()
    await installation?.remove()
  }, SERVER_TEST_MS)

  /** Does something on the page, which then shows `text` without having been loaded again. */
  async function appears(page: Page, selector: string, action: () => Promise<unknown>): Promise<void> {
    await page.evaluate('window.wasHere = true')
    await action()
    await page.waitForSelector(selector, { timeout: 10_000 })
    expect(await page.evaluate('window.wasHere')).toBe(true)
  }

  test(
    'the set-up link, a person, a waiting phone assigned, and it becomes Registered without reload',
    async () => {
      const { page, wrong } = await openPage(browser)
      await openSetUp(page, server, installation.dataDir)
      expect(page.url()).not.toContain('#')
      await expectAccessible(page)
      await becomeOwner(page, 'anna', PASSWORD)
      await expectAccessible(page)

      await page.getByRole('link', { name: 'People' }).click()
      await page.getByRole('link', { name: 'Add a person' }).click()
      await expectAccessible(page)
      await page.getByLabel('Number').fill('101')
      await page.getByLabel(/^Name/).fill('Anna Berg')
      await page.keyboard.press('Enter')
      await page.waitForSelector('text=Added.')
      await expectAccessible(page)

      await page.getByRole('link', { name: 'Waiting' }).click()
      await page.waitForSelector('text=No phone is waiting.')
      const url = `${server.http}/${MAC}.cfg`
      await appears(page, `text=${USER_AGENT}`, () => fetchUrl(url, { headers: { 'User-Agent': USER_AGENT } }))
      await expectAccessible(page)
      await page.getByRole('link', { name: `Assign ${MAC_TEXT}` }).click()
      await expectAccessible(page)
      expect(await page.getByLabel('Model').inputValue()).toBe('yealink/t21p-e2')
      await page.locator('#f-number').fill('101')
      await page.keyboard.press('Enter')
      await page.waitForURL(/assigned/)
      await page.waitForSelector('[data-phone][data-state=offline]')
      await expectAccessible(page)

      const account = servedAccount('yealink', url)
      await appears(page, '[data-phone][data-state=provisioning]', () => account)
      const phone = await account
      await appears(page, '[data-phone][data-state=registered]', async () => {
        const registration = await registerAccount(phone, server.ports.sip)
        registration.close()
      })
      await page.waitForSelector('text=Registered as 101')
      await page.waitForSelector(`text=Given ${MAC}.cfg`)
      for (const text of [`Given ${MAC}.cfg`, 'sip:101@127.0.0.1:', 'udp']) {
        expect(await page.textContent('#live')).toContain(text)
      }
      await expectAccessible(page)
      await page.getByRole('link', { name: 'People' }).click()
      await page.waitForSelector('[data-person="101"][data-state=registered]')
      expect(wrong).toEqual([])
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'every page fits a phone, in the dark and in German, and the first one is small',
    async () => {
      const options = { viewport: MOBILE, colorScheme: 'dark', locale: 'de' }
      const { page, wrong } = await openPage(browser, options)
      await page.goto(`${server.admin}/sign-in`)
      const bytes = await page.evaluate(
        `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
          .reduce((sum, { transferSize }) => sum + transferSize, 0)`,
      )
      expect(bytes).toBeGreaterThan(10_000)
      expect(bytes).toBeLessThan(FIRST_PAGE_BYTES)
      await page.getByLabel('Name oder E-Mail').fill('anna')
      await page.getByLabel('Passwort').fill(PASSWORD)
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/phones$/)
      const paths = ['/phones', `/phones/${MAC}`, `/phones/${MAC}/remove`, '/phones/new', '/people', '/people/101']
      await expectFits(page, server.admin, [
        ...paths,
        '/people/101/remove',
        '/pending',
        `/phones/${MAC}/files/${MAC}.cfg`,
      ])
      expect(wrong).toEqual([])
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'the list follows what is typed, reached by the keyboard',
    async () => {
      const { page } = await openPage(browser)
      await page.goto(`${server.admin}/sign-in`)
      await page.keyboard.type('anna')
      await page.keyboard.press('Tab')
      await page.keyboard.type(PASSWORD)
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/phones$/)
      await page.keyboard.press('/')
      await appears(page, 'text=Nothing found.', () => page.keyboard.type('nobody'))
      expect(page.url()).toContain('q=nobody')
      await page.keyboard.press('Control+A')
      await appears(page, `text=${MAC_TEXT}`, () => page.keyboard.type('80-5E-C0-00-00-AA'))
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'who stands in a list with the keyboard stays there while others change it',
    async () => {
      const { page } = await openPage(browser)
      await signIn(page, server.admin, 'anna', PASSWORD)
      await installation.cli('softphone', 'qr', '101', '--app', 'linphone')
      await page.goto(`${server.admin}/people/101/softphones`)
      await tabTo(page, /^Revoke Linphone/)
      await appears(page, '[aria-label^="Revoke Zoiper"]', () =>
        installation.cli('softphone', 'qr', '101', '--app', 'zoiper'),
      )
      expect(await page.evaluate('document.activeElement.ariaLabel')).toMatch(/^Revoke Linphone/)
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'a page that lost the server says so, and shows the present state once it is back',
    async () => {
      const { page } = await openPage(browser)
      await signIn(page, server.admin, 'anna', PASSWORD)
      await page.waitForSelector('[data-state=registered]')
      await page.evaluate('window.wasHere = true')
      await server.stop()
      await page.waitForSelector('text=No connection to the server')
      await installation.run(['device', 'block', MAC])
      server = await installation.serve()
      await page.waitForSelector('[data-state=blocked]', { timeout: 30_000 })
      expect(await page.evaluate('window.wasHere')).toBe(true)
      await page.context().close()
    },
    SERVER_TEST_MS,
  )
})
