import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { ALL_SITES } from '../../src/accounts/permissions.js'
import { BY_TEST } from '../support/accounts.js'
import { expectAccessible, expectFits, launchBrowser, MOBILE, openPage, signIn } from '../support/browser.js'
import { openOffice, type Office } from '../support/office.js'
import { describeWithClients } from '../support/real-clients.js'
import { fetchUrl } from '../support/served-phones.js'
import { SERVER_TEST_MS } from '../support/server.js'

const PASSWORD = 'Correct horse 9'
const MAC = '805ec00000d1'

describeWithClients('do not disturb, in Chromium', { chromium: 'chromium' }, () => {
  let office: Office
  let browser: Browser
  let page: Page
  let admin: string

  beforeAll(async () => {
    office = await openOffice()
    admin = `http://127.0.0.1:${office.ports.admin}`
    const { extensions, devices, accounts, settings } = office.installation
    await extensions.add('test', { number: '101', name: 'Anna Berg' })
    await devices.add('test', { mac: MAC, model: 'yealink/t21p-e2', lines: [{ extension: '101' }] })
    await settings.set('test', { layer: 'global', owner: '', key: 'reportDoNotDisturb' }, true)
    await accounts.create(BY_TEST, { name: 'anna', password: PASSWORD, grants: [{ siteId: ALL_SITES, role: 'owner' }] })
    browser = await launchBrowser()
    page = (await openPage(browser, { viewport: MOBILE })).page
    await signIn(page, admin, 'anna', PASSWORD)
  }, SERVER_TEST_MS)
  afterAll(async () => {
    await browser?.close()
    await office?.stop()
  }, SERVER_TEST_MS)

  test(
    'a phone calls the address in its config, and the sign comes and goes on the open page',
    async () => {
      const body = String((await fetchUrl(`http://127.0.0.1:${office.ports.http}/${MAC}.cfg`)).body)
      const told = (event: string): string => new RegExp(`^action_url\\.${event} = (\\S+)$`, 'm').exec(body)?.[1] ?? ''
      const path = (event: string): string => `http://127.0.0.1:${office.ports.http}${new URL(told(event)).pathname}`
      const changes = async (selector: string, event: string, state: 'visible' | 'hidden'): Promise<void> => {
        await page.evaluate('window.wasHere = true')
        const sign = page.locator(`${selector} .dnd`)
        expect(String((await fetchUrl(path(event))).body)).toBe('')
        await sign.waitFor({ state, timeout: 5_000 })
        expect(await page.evaluate('window.wasHere')).toBe(true)
      }
      await page.goto(`${admin}/people`)
      await changes('[data-person="101"]', 'dnd_on', 'visible')
      await changes('[data-person="101"]', 'dnd_off', 'hidden')
      await changes('[data-person="101"]', 'dnd_on', 'visible')
      await expectAccessible(page)
      await page.goto(`${admin}/phones`)
      await page.locator(`[data-phone="${MAC}"] .dnd`).waitFor({ state: 'visible' })
      await changes(`[data-phone="${MAC}"]`, 'dnd_off', 'hidden')
      await page.goto(`${admin}/phones/${MAC}`)
      await changes(`[data-phone="${MAC}"]`, 'dnd_on', 'visible')
      await expectAccessible(page)
      await expectFits(page, admin, ['/people', '/phones', `/phones/${MAC}`, '/people/101'])
      if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/dnd.png` })
    },
    SERVER_TEST_MS,
  )
})
