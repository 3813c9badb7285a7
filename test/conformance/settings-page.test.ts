import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import type { Mac } from '../../src/domain/mac-address.js'
import { loopbackAddress } from '../../src/simulator/addresses.js'
import { simulate, type Simulation } from '../../src/simulator/edge/simulate.js'
import { expectAccessible, expectFits, launchBrowser, MOBILE, openPage } from '../support/browser.js'
import { describeWithClients } from '../support/real-clients.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

const MAC = '805ec00000b1'
const OTHER = '805ec00000b2'
const CROWD = 1_000
/** A thousand phones are told first, on a machine that tests more than this. */
const PATIENT = { timeout: 60_000 }

const macOf = (n: number): string => (0x805ec0100000 + n).toString(16)

describeWithClients('settings and one phone in Chromium', { chromium: 'chromium' }, () => {
  let installation: TestInstallation
  let server: ServerProcess
  let browser: Browser
  let password: string
  const running: Simulation[] = []

  beforeAll(async () => {
    installation = await TestInstallation.create()
    server = await installation.serve()
    const crowd = Array.from({ length: CROWD }, (_, n) => `${macOf(n)},yealink/t21p-e2,${2_000 + n},Person ${n}`)
    const office = [`${MAC},yealink/t21p-e2,101,Anna`, `${OTHER},snom/d120,102,Bert`]
    await installation.import(['mac,model,extension,name', ...office, ...crowd, ''].join('\n'))
    const created = await installation.cli<{ password: string }>('admin', 'create', 'anna', '--role', 'owner')
    password = created.password
    browser = await launchBrowser()
  }, SERVER_TEST_MS)
  afterAll(async () => {
    for (const simulation of running) await simulation.stop()
    await browser?.close()
    await installation?.remove()
  }, SERVER_TEST_MS)

  function boot(phones: { mac: string; model: string }[]): Simulation {
    const simulation = simulate({
      phones: phones.map(({ mac, model }, n) => ({
        ...{ mac: mac as Mac, model, transport: 'http' as const, localAddress: loopbackAddress(n) },
      })),
      server: { address: '127.0.0.1', httpPort: server.ports.http, tftpPort: server.ports.tftp },
      keepRegistered: true,
    })
    running.push(simulation)
    return simulation
  }

  async function signedIn(options: object = {}): Promise<{ page: Page; wrong: string[] }> {
    const opened = await openPage(browser, options)
    await opened.page.goto(`${server.admin}/sign-in`)
    await opened.page.locator('#f-login').fill('anna')
    await opened.page.locator('#f-password').fill(password)
    await opened.page.keyboard.press('Enter')
    await opened.page.waitForURL(/\/phones$/)
    return opened
  }

  test(
    'a setting is changed: what it changes is shown before, the phone is told, fetches its new file, and its page tells it',
    async () => {
      await boot([
        { mac: MAC, model: 'yealink/t21p-e2' },
        { mac: OTHER, model: 'snom/d120' },
      ]).settled
      const { page, wrong } = await signedIn()
      const watching = await page.context().newPage()
      await watching.goto(`${server.admin}/phones/${MAC}`)
      await watching.waitForSelector('[data-phone][data-state=registered]', PATIENT)
      await watching.evaluate('window.wasHere = true')
      const given = await watching.locator('#live li', { hasText: `Given ${MAC}.cfg` }).count()

      await page.getByRole('link', { name: 'Settings' }).click()
      await expectAccessible(page)
      await page.getByRole('link', { name: /^Maker Yealink/ }).click()
      await expectAccessible(page)
      await page.locator('#q').fill('dtmf')
      await page.waitForURL(/q=dtmf/)
      await page.getByRole('link', { name: /dtmf/ }).click()
      await expectAccessible(page)
      // By the keyboard alone: the list, the button, and then the way to save.
      await page.locator('#f-value').focus()
      await page.keyboard.type('info')
      await page.getByRole('button', { name: 'See what changes' }).focus()
      await page.keyboard.press('Enter')
      await page.waitForSelector(`text=${(CROWD + 1).toLocaleString('en')} phones get other files.`, PATIENT)
      await page.waitForSelector('.diff-new')
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Save and tell the phones' }).focus()
      await page.keyboard.press('Enter')
      await page.waitForURL(/done=told/, PATIENT)

      const heard = watching.locator('#live li', { hasText: 'Asked by us to fetch its files: heard' })
      await heard.first().waitFor(PATIENT)
      await eventually(async () => {
        const now = await watching.locator('#live li', { hasText: `Given ${MAC}.cfg` }).count()
        expect(now).toBeGreaterThan(given)
      }, PATIENT.timeout)
      expect(await watching.evaluate('window.wasHere')).toBe(true)
      await expectAccessible(watching)
      // The other maker's phone was left alone.
      await page.goto(`${server.admin}/phones/${OTHER}`)
      expect(await page.textContent('#live')).not.toContain('Asked by us')
      expect(wrong).toEqual([])
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'the pages fit a phone, in the dark and in German, and axe finds nothing',
    async () => {
      const options = { viewport: MOBILE, colorScheme: 'dark', locale: 'de' }
      const { page, wrong } = await signedIn(options)
      const paths = ['/settings', '/settings/global/-', '/settings/global/-/language', `/settings/device/${MAC}`]
      paths.push('/changes', '/planned', '/phones/new', '/phones/new?mac=805ec0ffffff', `/phones/${MAC}`)
      paths.push(
        `/phones/${MAC}/lost`,
        `/phones/${MAC}/reboot`,
        `/phones/${MAC}/move`,
        `/phones/${MAC}/files/${MAC}.cfg`,
      )
      await expectFits(page, server.admin, paths)
      expect(wrong).toEqual([])
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  test(
    'a scanner types the MAC address and presses Enter, and the model of its maker is first',
    async () => {
      const { page } = await signedIn()
      await page.goto(`${server.admin}/phones/new`)
      await page.keyboard.type('00:04:13:82:00:0A')
      await page.keyboard.press('Enter')
      await page.waitForSelector('text=By its address it is from Snom')
      await page.getByLabel('Model').selectOption('snom/d120')
      await page.keyboard.press('Tab')
      await page.keyboard.type('101')
      await page.keyboard.press('Enter')
      await page.waitForURL(/phones\/00041382000a\?done=added/)
      await page.context().close()
    },
    SERVER_TEST_MS,
  )
})
