import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, Locator, Page } from 'playwright-core'
import { becomeOwner, expectAccessible, launchBrowser, MOBILE, openPage, openSetUp } from '../support/browser.js'
import { describeWithClients } from '../support/real-clients.js'
import { fetchUrl } from '../support/served-phones.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

const MAC = '805ec00000b1'
const USER_AGENT = 'Yealink SIP-T28P 2.73.0.50 80:5e:c0:00:00:b1'
const PASSWORD = 'Correct horse 9'
const PEOPLE = ['Anna Berg', 'Jörg Müller', 'Zoë Lindström', 'Łucja Nowak', 'Karim Haddad']

describeWithClients('the key editor in Chromium', { chromium: 'chromium' }, () => {
  let installation: TestInstallation
  let server: ServerProcess
  let browser: Browser
  let cookies: Parameters<Awaited<ReturnType<Browser['newContext']>>['addCookies']>[0]

  beforeAll(async () => {
    installation = await TestInstallation.create()
    server = await installation.serve()
    for (const [index, name] of PEOPLE.entries()) {
      await installation.cli('extension', 'add', String(101 + index), '--name', name)
    }
    await installation.cli('device', 'add', MAC, '--model', 'yealink/t28p', '--line', '101')
    browser = await launchBrowser()
    const { page } = await openPage(browser)
    await openSetUp(page, server, installation.dataDir)
    await becomeOwner(page, 'anna', PASSWORD)
    cookies = await page.context().cookies()
    await page.context().close()
  }, SERVER_TEST_MS)
  afterAll(async () => {
    await browser?.close()
    await installation?.remove()
  }, SERVER_TEST_MS)

  async function open(path: string, options: object = {}): Promise<{ page: Page; wrong: string[] }> {
    const opened = await openPage(browser, options)
    await opened.page.context().addCookies(cookies)
    await opened.page.goto(server.admin + path)
    await opened.page.waitForSelector('.phone-front')
    return opened
  }

  /** Parameters of the phone's file that begin so, as it is served now. */
  async function served(prefix: string): Promise<string[]> {
    const { body } = await fetchUrl(`${server.http}/${MAC}.cfg`, { headers: { 'User-Agent': USER_AGENT } })
    return body
      .toString()
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith(prefix))
  }

  const saidOn = (page: Page): Promise<string | null> => page.textContent('[data-said]')
  const order = (page: Page): Promise<string[]> => page.locator('.key-open').allInnerTexts()

  /** What shows on the page once `text` does. */
  async function save(page: Page, press: () => Promise<void>): Promise<void> {
    await press()
    await page.waitForSelector('.alert-success')
  }

  async function drag(page: Page, from: Locator, to: Locator): Promise<void> {
    const [a, b] = await Promise.all([from.boundingBox(), to.boundingBox()])
    if (!a || !b) throw new Error('nothing to drag')
    await page.mouse.move(a.x + a.width / 2, a.y + a.height / 2)
    await page.mouse.down()
    await page.mouse.move(b.x + b.width / 2, b.y + b.height / 2, { steps: 8 })
    await page.mouse.up()
  }

  test(
    'three keys that watch people are set with the keyboard alone, put in order, saved, and stand in the phone’s file',
    async () => {
      const { page, wrong } = await open('/people/101/keys')
      const press = (key: string): Promise<void> => page.keyboard.press(key)
      const isFocused = (selector: string): Promise<unknown> =>
        page.waitForFunction(`document.activeElement.matches(${JSON.stringify(selector)})`)
      await expectAccessible(page)
      // To the button that adds a key, from the top of the page.
      for (let steps = 0; !(await page.evaluate('document.activeElement.matches("[data-add]")')); steps += 1) {
        expect(steps).toBeLessThan(40)
        await press('Tab')
      }
      for (const name of ['muller', 'zoe', 'lucja']) {
        await press('Enter')
        await isFocused('#key-kind')
        await press('Tab')
        await page.keyboard.type(name)
        await page.waitForSelector('[role=option]')
        if (name === 'muller') await expectAccessible(page)
        await press('ArrowDown')
        await press('Enter')
        await press('Enter')
        await isFocused('[data-add]')
      }
      expect(await order(page)).toEqual(['Jörg Müller', 'Zoë Lindström', 'Łucja Nowak'])

      // From the button back over the last row: remove, change, and the handle.
      for (let steps = 0; steps < 3; steps += 1) await press('Shift+Tab')
      await isFocused('.key-handle')
      await press('Space')
      expect(await saidOn(page)).toBe('Watch and call (BLF) 104 Łucja Nowak taken, place 3 of 3.')
      await press('ArrowUp')
      await press('ArrowUp')
      expect(await saidOn(page)).toBe('Watch and call (BLF) 104 Łucja Nowak, place 1 of 3.')
      await expectAccessible(page)
      await press('Space')
      await press('Space')
      await press('ArrowDown')
      await press('Escape')
      expect(await saidOn(page)).toBe('Watch and call (BLF) 104 Łucja Nowak is back at place 1.')
      await isFocused('.key-row:first-child .key-handle')
      expect(await order(page)).toEqual(['Łucja Nowak', 'Jörg Müller', 'Zoë Lindström'])

      await page.getByRole('button', { name: 'Save' }).focus()
      await save(page, () => press('Enter'))
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Save')
      await eventually(async () =>
        expect(await served('linekey.')).toEqual(
          expect.arrayContaining([
            'linekey.2.value = 104',
            'linekey.3.value = 102',
            'linekey.4.value = 103',
            'linekey.2.label = Łucja Nowak',
            'linekey.4.type = 16',
          ]),
        ),
      )
      expect(wrong).toEqual([])
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'keys are dragged with the mouse, in the list and on the drawing; undo puts them back',
    async () => {
      await installation.cli('extension', 'keys', '101', 'blf:102', 'blf:103', 'speed-dial:0301:Taxi')
      const { page, wrong } = await open('/people/101/keys')
      await drag(page, page.locator('.key-handle').first(), page.locator('.key-row').last())
      expect(await order(page)).toEqual(['Zoë Lindström', 'Taxi', 'Jörg Müller'])
      const drawn = (place: string): Locator => page.locator(`[data-place="${place}"] .phone-button`)
      await drag(page, drawn('linekey 4'), drawn('linekey 2'))
      expect(await order(page)).toEqual(['Jörg Müller', 'Zoë Lindström', 'Taxi'])
      // A drag is no click: no form came up.
      expect(await page.locator('.key-form').count()).toBe(0)
      await page.keyboard.press('Control+z')
      expect(await order(page)).toEqual(['Zoë Lindström', 'Taxi', 'Jörg Müller'])
      // The same by keyboard on the drawing, which keeps the focus.
      await page.locator('[data-place="linekey 4"]').focus()
      for (const key of ['Space', 'ArrowLeft', 'Space']) await page.keyboard.press(key)
      expect(await order(page)).toEqual(['Zoë Lindström', 'Jörg Müller', 'Taxi'])
      expect(await page.evaluate('document.activeElement.dataset.place')).toBe('linekey 3')
      await drawn('memorykey 1').click()
      await page.waitForSelector('.key-form')
      expect(wrong).toEqual([])
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'the same key twice is refused at its field, in words',
    async () => {
      await installation.cli('extension', 'keys', '101', 'blf:102:Bob')
      const { page } = await open('/people/101/keys')
      await page.getByRole('button', { name: 'Add a key', exact: true }).click()
      await page.locator('#key-value').fill('102')
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      const field = page.locator('#key-value[aria-invalid=true]')
      await field.waitFor()
      const hint = await page.locator(`#${await field.getAttribute('aria-describedby')}`).textContent()
      expect(hint).toContain('There is a key that does the same already: Watch and call (BLF) 102 Bob.')
      await expectAccessible(page)
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'who saves over somebody else’s change is told, and does his own again on theirs',
    async () => {
      await installation.cli('extension', 'keys', '102', 'blf:101')
      const { page } = await open('/people/102/keys')
      await page.getByRole('button', { name: 'Add a key', exact: true }).click()
      await page.locator('#key-value').fill('103')
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      await installation.cli('extension', 'keys', '102', 'blf:101', 'blf:105')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.waitForSelector('text=Somebody else changed these keys meanwhile.')
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Load theirs and do my changes again' }).click()
      // The name of whom the other put there is asked for afterwards.
      await page.waitForSelector('.key-open:text("Karim Haddad")')
      expect(await order(page)).toEqual(['Anna Berg', 'Zoë Lindström', 'Karim Haddad'])
      await save(page, () => page.getByRole('button', { name: 'Save' }).click())
      const { keys } = await installation.cli<{ keys: { value: string }[] }>('extension', 'show', '102')
      expect(keys.map(({ value }) => value)).toEqual(['101', '103', '105'])
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'on a smaller phone the keys that are left out are named, with the reason',
    async () => {
      await installation.cli('extension', 'keys', '101', 'blf:102', 'blf:103', 'dnd')
      const { page } = await open('/people/101/keys')
      expect(await page.locator('.key-overflow').count()).toBe(0)
      await page.getByLabel('Show as').selectOption('yealink/t19p-e2')
      await page.waitForSelector('.key-overflow')
      const text = await page.locator('.key-overflow').innerText()
      expect(text).toContain('2 keys do not fit on the Yealink SIP-T19P E2:')
      expect(text).toContain('Watch and call (BLF) 102 Jörg Müller: no key of this phone can do that')
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'with an expansion module there is room: it is drawn, told by its numbers, and stands in the phone’s file',
    async () => {
      await installation.cli('extension', 'keys', '101', ...Array.from({ length: 18 }, (_, n) => `blf:${300 + n}`))
      const { page, wrong } = await open('/people/101/keys')
      expect(await page.locator('.key-overflow').innerText()).toContain('an expansion module more would have room')
      await page.getByLabel('Expansion modules').selectOption('1')
      await page.waitForSelector('.key-overflow', { state: 'detached' })
      await page
        .locator('title', { hasText: 'Module 1, key 2: Watch and call (BLF) 315' })
        .waitFor({ state: 'attached' })
      await expectAccessible(page)
      await installation.cli('settings', 'set', 'keyModules', '2', '--device', MAC)
      // The command line is another process: the server hears of it by the change feed.
      await eventually(async () => {
        await page.goto(`${server.admin}/phones/${MAC}/keys`)
        await page.waitForSelector('.phone-front')
        expect(await page.getByRole('combobox', { name: 'Expansion modules' }).inputValue()).toBe('2')
      })
      await page.getByRole('button', { name: 'Page 2' }).last().click()
      expect(await page.locator('title', { hasText: /^Module 2, key 2\b/ }).count()).toBe(1)
      expect(wrong).toEqual([])
      await page.context().close()
      await installation.cli('settings', 'unset', 'keyModules', '--device', MAC)
    },
    SERVER_TEST_MS,
  )

  test(
    'changes that are not saved are not left without a question',
    async () => {
      await installation.cli('extension', 'keys', '103', 'blf:101')
      const { page } = await open('/people/103/keys')
      await page.getByRole('button', { name: 'Remove Watch' }).click()
      const asked = new Promise<string>((resolve) => {
        page.once('dialog', (dialog) => {
          resolve(dialog.type())
          void dialog.dismiss()
        })
      })
      await page.getByRole('link', { name: 'Phones' }).click({ noWaitAfter: true })
      expect(await asked).toBe('beforeunload')
      expect(page.url()).toContain('/people/103/keys')
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'it fits a phone’s screen, in the dark and in German; a phone’s and a group’s keys too',
    async () => {
      await installation.cli('group', 'add', 'Hall')
      await installation.cli('group', 'keys', 'Hall', 'blf:105', 'park:700:Parken')
      await installation.cli('device', 'update', MAC, '--group', 'Hall')
      await installation.cli('device', 'keys', MAC, 'memorykey@3=blf:104')
      const options = { viewport: MOBILE, colorScheme: 'dark', locale: 'de' }
      for (const path of ['/people/101/keys', `/phones/${MAC}/keys`, '/groups/Hall/keys']) {
        const { page, wrong } = await open(path, options)
        expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 390])
        await expectAccessible(page)
        await page.getByRole('button', { name: 'Taste hinzufügen', exact: true }).click()
        await expectAccessible(page)
        expect(wrong).toEqual([])
        await page.context().close()
      }
    },
    SERVER_TEST_MS,
  )
})
