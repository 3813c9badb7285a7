import { expect, test } from '@jest/globals'
import { SEAL_CONTEXTS } from '../../src/secrets/contexts.js'
import { becomeOwner, expectAccessible, launchBrowser, openPage } from '../support/browser.js'
import { tabTo } from '../support/keyboard.js'
import { openOffice } from '../support/office.js'
import { describeWithClients } from '../support/real-clients.js'
import { registerAccount } from '../support/served-phones.js'
import { eventually } from '../support/server.js'

const PASSWORD = 'correct horse 9 battery'

describeWithClients('softphones in Chromium', { chromium: 'chromium' }, () => {
  test('an admin shows a code, and a person copies values from the page behind one, dark and narrow', async () => {
    const office = await openOffice()
    const browser = await launchBrowser()
    try {
      const { extensions, accounts, softphones, secrets } = office.installation
      await extensions.add('test', { number: '101', name: 'Ann Berg', email: 'ann@example.com' })
      const { page, wrong } = await openPage(browser, {
        ...{ ignoreHTTPSErrors: true, permissions: ['clipboard-read', 'clipboard-write'] },
      })
      const admin = `http://127.0.0.1:${office.ports.admin}`
      await page.goto(`${admin}/setup#${(await accounts.setupLink())?.reveal()}`)
      await page.fill('input[name=name]', 'owner')
      await page.fill('input[name=password]', PASSWORD)
      await page.click('main button')
      await page.waitForSelector('nav.menu')
      await page.goto(`${admin}/people/101/softphones`)
      await expectAccessible(page)
      await tabTo(page, 'Show the code')
      await page.keyboard.press('Enter')
      await page.waitForSelector('.qr svg')
      await expectAccessible(page)
      await tabTo(page, 'To the softphones', 'link')
      await page.keyboard.press('Enter')
      await page.waitForSelector('#list [data-state=waiting]')
      for (const path of ['/people/101/softphones', '/mails', '/softphone-sheet']) {
        await page.goto(`${admin}${path}`)
        await expectAccessible(page)
      }
      const code = await softphones.create('test', '101', { app: 'telephone' })
      await page.setViewportSize({ width: 390, height: 844 })
      await page.emulateMedia({ colorScheme: 'dark' })
      const url = code.url.reveal()
      await eventually(async () => expect((await page.goto(url))?.status()).toBe(200))
      await expectAccessible(page)
      await page.click('main form button')
      await page.waitForSelector('button[data-copy]')
      await expectAccessible(page)
      const given: string[] = []
      for (const button of await page.locator('button[data-copy]').all()) {
        await button.click()
        const shown = await page.locator(`#${await button.getAttribute('data-copy')}`).textContent()
        await eventually(async () => expect(await page.evaluate('navigator.clipboard.readText()')).toBe(shown))
        given.push(shown ?? '')
      }
      const { id, authUsername, sealedPassword } = code.softphone
      const password = secrets.open(sealedPassword, SEAL_CONTEXTS.softphonePassword(id))
      expect(given).toEqual(expect.arrayContaining([authUsername, password.reveal()]))
      // A code that the server does not know yet is no mistake of the page.
      expect(wrong.filter((text) => !text.includes('404'))).toEqual([])
    } finally {
      await browser.close()
      await office.stop()
    }
  })

  test('an app that registers is shown as Registered beside its code and in the list, without a reload', async () => {
    const office = await openOffice()
    const browser = await launchBrowser()
    try {
      const { extensions, accounts, softphones, secrets } = office.installation
      await extensions.add('test', { number: '101', name: 'Ann Berg' })
      const { page } = await openPage(browser)
      const admin = `http://127.0.0.1:${office.ports.admin}`
      await page.goto(`${admin}/setup#${(await accounts.setupLink())?.reveal()}`)
      await becomeOwner(page, 'owner', PASSWORD)
      const list = await page.context().newPage()
      await page.goto(`${admin}/people/101/softphones`)
      await page.click('main form[action="/people/101/softphones"] button')
      await page.waitForSelector('#one [data-state=waiting]')
      await list.goto(`${admin}/people/101/softphones`)
      await list.waitForSelector('#list [data-state=waiting]')
      for (const one of [page, list]) await one.evaluate('window.wasHere = true')
      const [app] = await softphones.list('101')
      if (!app) throw new Error('the softphone is not there')
      const password = secrets.open(app.sealedPassword, SEAL_CONTEXTS.softphonePassword(app.id))
      const account = { user: '101', authUser: app.authUsername, password, server: '127.0.0.1' }
      const registration = await eventually(() => registerAccount(account, office.ports.sip), 10_000)
      await list.waitForSelector('#list [data-state=registered]')
      await page.bringToFront()
      await page.waitForSelector('#one [data-state=registered]')
      for (const one of [page, list]) expect(await one.evaluate('window.wasHere')).toBe(true)
      registration.close()
    } finally {
      await browser.close()
      await office.stop()
    }
  })
})
