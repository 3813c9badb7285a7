import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import {
  becomeOwner,
  expectAccessible,
  launchBrowser,
  MOBILE,
  openPage,
  openSetUp,
  signIn,
} from '../support/browser.js'
import { tabTo } from '../support/keyboard.js'
import { describeWithClients } from '../support/real-clients.js'
import { SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

const PASSWORD = 'Correct horse 9'
/** Headers that nobody knows, a MAC address without its zeros, and a number that became a date. */
const FILE =
  'Platz;Wer;Apparat;Sorte\r\n101;Jörg Müller;1565123456;Yealink T21P E2\r\n102;Anna Berg;;\r\n01.02.2024;Nobody;;\r\n'

describeWithClients('the import page in Chromium', { chromium: 'chromium' }, () => {
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

  test(
    'a file is dropped, mapped, previewed, confirmed and undone, by mouse and by keyboard',
    async () => {
      const { page, wrong } = await openPage(browser, { viewport: MOBILE })
      await openSetUp(page, server, installation.dataDir)
      await becomeOwner(page, 'anna', PASSWORD)
      await page.getByRole('link', { name: 'People' }).click()
      await page.getByRole('link', { name: 'Import and export' }).click()
      await page.waitForSelector('[data-drop]')
      await expectAccessible(page)

      // As a hand would drop it.
      await page.evaluate(
        `(() => {
          const given = new DataTransfer()
          given.items.add(new File([${JSON.stringify(FILE)}], 'Büro.csv', { type: 'text/csv' }))
          document.querySelector('[data-drop]').dispatchEvent(new DragEvent('drop', { dataTransfer: given, bubbles: true, cancelable: true }))
        })()`,
      )
      await page.waitForSelector('text=no column is known to be the number')
      expect(await page.title()).toContain('Büro.csv')
      expect(await page.getByRole('button', { name: 'Import now' }).isDisabled()).toBe(true)
      await expectAccessible(page)

      await page.getByLabel('Platz').selectOption('number')
      await page.getByLabel('Wer').selectOption('name')
      await page.getByLabel('Apparat').selectOption('mac')
      await page.getByLabel('Sorte').selectOption('model')
      await page.getByLabel('Rows with mistakes').selectOption('rows')
      await page.getByRole('button', { name: 'Preview again' }).focus()
      await page.keyboard.press('Enter')
      await page.waitForSelector('text=People: 2 new, 0 changed, 0 the same.')
      await page.waitForSelector('text=lost its leading zeros; taken as 001565123456')
      await expectAccessible(page)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
      await page.getByRole('link', { name: /^Mistake 1/ }).click()
      await page.waitForSelector('text=is a date that a spreadsheet made of a number')
      expect(await page.locator('#rows tbody tr').count()).toBe(1)

      // Somebody who is elsewhere meanwhile hears of the end.
      const elsewhere = await page.context().newPage()
      const listens = elsewhere.waitForResponse((answer) => answer.url().endsWith('/live'))
      await elsewhere.goto(`${server.admin}/groups`)
      await listens
      await page.getByRole('button', { name: 'Import now' }).focus()
      await page.keyboard.press('Enter')
      await page.waitForSelector('text=Imported')
      await expectAccessible(page)
      await elsewhere.getByText('The import of Büro.csv is done.').waitFor()
      await expectAccessible(elsewhere)
      await elsewhere.getByRole('link', { name: 'Look at it' }).click()
      await elsewhere.waitForSelector('text=Imported')
      await elsewhere.close()
      expect(await page.locator('[data-notes] > *').count()).toBe(0)
      await page.getByRole('link', { name: 'To these people' }).click()
      await page.waitForSelector('text=Jörg Müller')

      await page.goBack()
      await page.getByRole('link', { name: 'Undo this import' }).click()
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Undo the import' }).click()
      await page.waitForSelector('text=The import is undone.')
      await page.goto(`${server.admin}/people`)
      await page.waitForSelector('main')
      expect(await page.getByText('Jörg Müller').count()).toBe(0)
      expect(wrong).toEqual([])
    },
    SERVER_TEST_MS,
  )

  test(
    'a file is chosen, mapped, previewed, confirmed and undone by keyboard alone',
    async () => {
      const { page, wrong } = await openPage(browser)
      const press = (key: string): Promise<void> => page.keyboard.press(key)
      await signIn(page, server.admin, 'anna', PASSWORD)
      await tabTo(page, 'People', 'link')
      await press('Enter')
      await tabTo(page, 'Import and export', 'link')
      await press('Enter')
      await tabTo(page, 'Drop a file here, or choose one', 'field')
      const chooser = page.waitForEvent('filechooser')
      await press('Space')
      const file = { name: 'hall.csv', mimeType: 'text/csv', buffer: Buffer.from('Platz;Wer\r\n301;Hall\r\n') }
      await (await chooser).setFiles(file)
      await tabTo(page, 'Show a preview')
      await press('Enter')
      await page.waitForURL(/import\/\w/)
      await page.waitForSelector('text=no column is known to be the number')
      // A list is chosen from by typing what one wants.
      await tabTo(page, 'Platz', 'field')
      await page.keyboard.type('Number')
      await tabTo(page, 'Preview again')
      await press('Enter')
      await page.waitForSelector('text=People: 1 new, 0 changed, 0 the same.')
      await tabTo(page, 'Import now')
      await press('Enter')
      await page.waitForSelector('text=Imported')
      await tabTo(page, /^Undo this import/, 'link')
      await press('Enter')
      await page.waitForSelector('text=Undo this import?')
      await tabTo(page, 'Undo the import')
      await press('Enter')
      await page.waitForSelector('text=The import is undone.')
      expect(wrong).toEqual([])
    },
    SERVER_TEST_MS,
  )
})
