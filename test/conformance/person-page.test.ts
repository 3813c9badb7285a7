import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { BY_TEST } from '../support/accounts.js'
import { PASSWORD } from '../support/admin-api.js'
import { expectAccessible, launchBrowser, openPage } from '../support/browser.js'
import { describeWithClients } from '../support/real-clients.js'
import { SERVER_TEST_MS } from '../support/server.js'
import { webBench, type WebBench } from '../support/web-pages.js'

describeWithClients("a person's page in Chromium", { chromium: 'chromium' }, () => {
  let bench: WebBench
  let server: Server
  let address: string
  let browser: Browser

  beforeAll(async () => {
    bench = await webBench()
    // The browser drops cookies that ended by its own clock.
    bench.clock.advance(Date.now() - bench.clock.now())
    server = createServer(bench.app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    address = `http://localhost:${(server.address() as AddressInfo).port}`
    browser = await launchBrowser()
    const owner = await bench.signedIn('owner')
    await owner.post('/people/new', { number: '101', name: 'Anna Berg' })
    await bench.accounts.create(BY_TEST, { name: 'anna', password: PASSWORD, grants: [{ siteId: '', role: 'owner' }] })
  }, SERVER_TEST_MS)
  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
    await bench?.remove()
  }, SERVER_TEST_MS)

  async function enter(path: string): Promise<{ page: Page; wrong: string[] }> {
    const opened = await openPage(browser, { permissions: ['clipboard-read', 'clipboard-write'] })
    await opened.page.goto(`${address}/sign-in?to=${encodeURIComponent(path)}`)
    await opened.page.getByLabel('Name or e-mail').fill('anna')
    await opened.page.getByLabel('Password').fill(PASSWORD)
    await opened.page.keyboard.press('Enter')
    await opened.page.waitForURL(`**${path}`)
    return opened
  }

  test(
    'two people edit one record: the second sees both values, loses nothing, and saves by keyboard alone',
    async () => {
      const [first, second] = [await enter('/people/101'), await enter('/people/101')]
      await first.page.getByLabel('Job title').fill('Porter')
      await first.page.getByLabel('First name').fill('Anna')
      await first.page.getByLabel('First name').press('Enter')
      await first.page.waitForURL(/done=saved/)

      await second.page.getByLabel('Job title').fill('Doorkeeper')
      await second.page.getByLabel('Last name').fill('Berg')
      await second.page.getByLabel('Last name').press('Enter')
      await second.page.getByText('Somebody else changed fields').waitFor()
      await expectAccessible(second.page)
      await second.page.getByText('Stored now: Porter').waitFor()
      expect(await second.page.getByLabel('Job title').inputValue()).toBe('Doorkeeper')
      expect(await second.page.getByLabel('Last name').inputValue()).toBe('Berg')
      expect(await second.page.getByText('Stored now: Anna').count()).toBe(1)

      await second.page.getByLabel('First name').fill('Anna')
      await second.page.getByLabel('First name').press('Enter')
      await second.page.waitForURL(/done=saved/)
      const { settings, extensions } = bench.parts.forSite(bench.parts.snapshot.defaultSite().id)
      const { extension } = await extensions.show('101')
      const stored = Object.fromEntries(
        (await settings.list('extension', extension.id)).map(({ key, value }) => [key, value]),
      )
      expect(stored).toEqual({ jobTitle: 'Doorkeeper', firstName: 'Anna', lastName: 'Berg' })
      expect([...first.wrong, ...second.wrong.filter((one) => !one.includes('412'))]).toEqual([])
    },
    SERVER_TEST_MS,
  )

  test(
    'the password is copied without being shown, and the audit log has it',
    async () => {
      const { page, wrong } = await enter('/people/101')
      const { extensions } = bench.parts.forSite(bench.parts.snapshot.defaultSite().id)
      const password = (await extensions.password('test', '101')).reveal()
      await page.getByRole('button', { name: 'Copy without showing' }).press('Enter')
      await page.getByText('Copied.').waitFor()
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(password)
      expect(await page.content()).not.toContain(password)
      const [last] = await bench.parts.audit({ action: 'extension.show-password', limit: 1 })
      expect(last?.actor).toBe('admin:anna')
      expect(wrong).toEqual([])
    },
    SERVER_TEST_MS,
  )

  test(
    'the meter says how strong a password is while it is typed',
    async () => {
      const { page, wrong } = await enter('/people/new')
      await page.getByText('Choose SIP user name and password yourself').click()
      const field = page.getByLabel('A password of your own')
      const told = async (text: string): Promise<string | null> => {
        await field.fill(text)
        return page.locator('[data-meter] [role=status]').textContent()
      }
      expect(await told('abc')).toBe('too short or too simple')
      expect(await told('summer2')).toBe('easy to guess')
      expect(await told('abcdefghijk')).toBe('weak')
      expect(await told('Tr4velling-wide-Light')).toBe('strong')
      expect(await told('')).toBe('')
      await expectAccessible(page)
      expect(wrong).toEqual([])
    },
    SERVER_TEST_MS,
  )
})
