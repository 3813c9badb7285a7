import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { ALL_SITES } from '../../src/accounts/permissions.js'
import { formatMac, type Mac } from '../../src/domain/mac-address.js'
import { BY_TEST } from '../support/accounts.js'
import { expectAccessible, launchBrowser, MOBILE, openPage, signIn } from '../support/browser.js'
import { LABELS } from '../support/labels.js'
import { openOffice, type Office } from '../support/office.js'
import { describeWithClients } from '../support/real-clients.js'
import { fetchUrl } from '../support/served-phones.js'
import { SERVER_TEST_MS } from '../support/server.js'

const PASSWORD = 'Correct horse 9'
const KNOWN = '805ec00000b1'
const CALLED = '805ec00000b2'
/** A camera that Chromium makes up, and nobody who asks whether it may be used. */
const FAKE_CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']

describeWithClients('a MAC address that is scanned, in Chromium', { chromium: 'chromium' }, () => {
  let office: Office
  let admin: string
  let browser: Browser
  let page: Page
  let wrong: string[]

  beforeAll(async () => {
    office = await openOffice()
    admin = `http://127.0.0.1:${office.ports.admin}`
    await office.installation.extensions.add('test', { number: '101', name: 'Anna Berg' })
    await office.installation.devices.add('test', { mac: KNOWN, model: 'yealink/t21p-e2', lines: [] })
    browser = await launchBrowser(FAKE_CAMERA)
    const opened = await openPage(browser, { viewport: MOBILE })
    page = opened.page
    wrong = opened.wrong
    const grants = [{ siteId: ALL_SITES, role: 'owner' }]
    await office.installation.accounts.create(BY_TEST, { name: 'anna', password: PASSWORD, grants })
    await signIn(page, admin, 'anna', PASSWORD)
  }, SERVER_TEST_MS)
  afterAll(async () => {
    await browser?.close()
    await office?.stop()
  }, SERVER_TEST_MS)

  /** As a scanner on USB does it: like a keyboard, but fast, and Enter behind. */
  async function scan(read: string): Promise<void> {
    // The page puts the focus there by itself, in its own time.
    await page.locator('input.mono:focus').waitFor()
    await page.keyboard.type(read)
    await page.keyboard.press('Enter')
  }

  describe('by a scanner on USB', () => {
    test.each(LABELS)('%s', async (read, mac) => {
      await page.goto(`${admin}/phones/new`)
      await scan(read)
      if (mac === undefined) await page.getByText('This is no MAC address of a phone').waitFor()
      else await page.getByText(formatMac(mac as Mac), { exact: true }).waitFor()
    })

    test('a code that holds none makes room for the next scan, and the phone is assigned without a mouse', async () => {
      await page.goto(`${admin}/phones/new`)
      await scan('SN:3146019070512345')
      await page.getByText('This is no MAC address of a phone').waitFor()
      await scan('SN:3146019070512345 MAC:805EC00000B3')
      await page.getByText('Step 2 of 2').waitFor()
      await page.keyboard.type('101')
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.type('Yealink T21P E2')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.waitForURL(/805ec00000b3\?done=added/)
      expect(await page.getByText('Anna Berg').count()).toBeGreaterThan(0)
    })

    test('a phone that is here already is shown, and one that called in is assigned with what it said', async () => {
      await page.goto(`${admin}/phones/new`)
      await scan(KNOWN)
      await page.waitForURL(new RegExp(`/phones/${KNOWN}`))
      await page.getByText('This phone is here already.').waitFor()

      const userAgent = `Yealink SIP-T21P_E2 52.84.0.125 ${formatMac(CALLED as Mac)}`
      await fetchUrl(`http://127.0.0.1:${office.ports.http}/${CALLED}.cfg`, { headers: { 'User-Agent': userAgent } })
      await page.goto(`${admin}/phones/new`)
      await scan(`MAC:${CALLED.toUpperCase()}`)
      await page.waitForURL(new RegExp(`/pending/${CALLED}`))
      expect(await page.getByLabel('Model').inputValue()).toBe('yealink/t21p-e2')
    })

    test('takes the place of another phone', async () => {
      await page.goto(`${admin}/phones/${KNOWN}/move`)
      await scan('S/N 3146019070512345 MAC 805EC00000B4')
      await page.waitForURL(/805ec00000b4\?done=moved/)
    })
  })

  describe('by the camera', () => {
    const button = () => page.getByRole('button', { name: 'Scan with the camera' })

    /** A browser that can read bar codes, and sees these one after the other. */
    async function withDetector(seen: readonly (readonly string[])[]): Promise<void> {
      await page.context().addInitScript(`window.BarcodeDetector = class {
        #left = ${JSON.stringify(seen)}
        async detect() { return (this.#left.shift() ?? []).map((rawValue) => ({ rawValue })) }
      }`)
    }

    test('there is no button where the browser cannot read bar codes', async () => {
      await page.goto(`${admin}/phones/new`)
      await page.waitForLoadState('load')
      expect(await page.evaluate("'BarcodeDetector' in window")).toBe(false)
      expect(await button().count()).toBe(0)
    })

    test('it looks until it sees the address of a phone, beside serial numbers and what shops scan', async () => {
      await withDetector([[], ['841885101234'], ['3146019070512345'], ['0841885101234', 'MAC:805EC00000B5']])
      await page.goto(`${admin}/phones/new`)
      await expectAccessible(page)
      await button().focus()
      await page.keyboard.press('Enter')
      await page.getByText('Step 2 of 2').waitFor()
      await page.getByText('80:5e:c0:00:00:b5').waitFor()
    })

    test('it is stopped by the same button, and says when the camera may not be used', async () => {
      await withDetector([])
      await page.goto(`${admin}/phones/new`)
      await button().click()
      await page.getByText('No bar code with a MAC address was found yet…').waitFor()
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Stop the camera' }).click()
      await button().waitFor()
      expect(await page.locator('video').isVisible()).toBe(false)

      await page.evaluate('navigator.mediaDevices.getUserMedia = async () => { throw new Error("no") }')
      await button().click()
      await page.getByText('The camera cannot be used here.').waitFor()
    })
  })

  test('nothing went wrong in the pages', () => {
    expect(wrong).toEqual([])
  })
})
