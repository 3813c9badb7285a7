import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { PAGES } from '../../src/web/pages.js'
import { DESKTOP, expectAccessible, launchBrowser, MOBILE } from '../support/browser.js'
import { walkByKeyboard } from '../support/keyboard.js'
import { PICTURES, takePictures } from '../support/picture.js'
import { describeWithClients } from '../support/real-clients.js'
import { SERVER_TEST_MS } from '../support/server.js'
import { openShowroom, SHOWROOM_PASSWORD, type Showroom } from '../support/showroom.js'
import { shownPages, type ShownPage } from '../support/shown-pages.js'

/** Over the wire with all it needs, for somebody who comes for the first time. */
const FIRST_PAGE_BYTES = 150_000
/** No pages of their own: a start that leads elsewhere, the stream of events, and parts of pages. */
const NO_PAGES = ['/', '/live', '/effects/{id}', '/people/choices']
const WALK_MS = 20 * SERVER_TEST_MS

/** What is worked with every day. */
const MAIN_PAGES = new Set(
  'phones phone pending assign people person person-new keys softphones settings settings-layer setting changes imports sign-in me'.split(
    ' ',
  ),
)

type Looks = readonly ['light' | 'dark', { width: number; height: number }]
/** Each colour and each width once; pictures are taken of all four at one visit. */
const LOOKS: readonly Looks[] =
  PICTURES === undefined
    ? [
        ['light', DESKTOP],
        ['dark', MOBILE],
      ]
    : [['light', DESKTOP]]

describeWithClients('every page in Chromium', { chromium: 'chromium' }, () => {
  let showroom: Showroom
  let browser: Browser
  let pages: readonly ShownPage[]

  beforeAll(async () => {
    showroom = await openShowroom()
    pages = shownPages(showroom).filter(({ name }) =>
      new RegExp(process.env.PHONEBOOT_TEST_PICTURES_ONLY ?? '').test(name),
    )
    browser = await launchBrowser()
  }, SERVER_TEST_MS)
  afterAll(async () => {
    await browser?.close()
    await showroom?.close()
  }, SERVER_TEST_MS)

  /** Signed in once for each who looks. */
  class Visitors {
    readonly #contexts = new Map<string, BrowserContext>()

    constructor(private readonly looks: Looks) {}

    async page({ by: who, site = 'default' }: ShownPage): Promise<Page> {
      const by = who ?? 'anna'
      const known = this.#contexts.get(by) ?? (await this.#open(by))
      this.#contexts.set(by, known)
      await known.addCookies([{ name: 'phoneboot-site', value: site, url: showroom.admin }])
      return known.newPage()
    }

    async close(): Promise<void> {
      for (const context of this.#contexts.values()) await context.close()
    }

    async #open(by: string): Promise<BrowserContext> {
      const [colorScheme, viewport] = this.looks
      const context = await browser.newContext({
        ...{ locale: 'en', reducedMotion: 'reduce' as const, colorScheme, viewport, ignoreHTTPSErrors: true },
      })
      if (by === 'person') {
        const cookie = { name: 'phoneboot-me', value: showroom.session, domain: '127.0.0.1', path: '/me/' }
        await context.addCookies([{ ...cookie, secure: true }])
      } else if (by !== 'nobody') {
        const page = await context.newPage()
        await page.goto(`${showroom.admin}/sign-in`)
        await page.locator('#f-login').fill(by)
        await page.locator('#f-password').fill(SHOWROOM_PASSWORD)
        await page.keyboard.press('Enter')
        await page.waitForURL(/\/phones$/)
        await page.close()
      }
      return context
    }
  }

  test('stands in the list of pages to look at', () => {
    const shown = shownPages(showroom).map(({ path, covers }) => covers ?? path.replace(/\?.*/, ''))
    const missing = PAGES.filter(({ method, path }) => method === 'get' && !NO_PAGES.includes(path))
      .filter(({ path }) => !shown.some((one) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(one)))
      .map(({ path }) => path)
    expect(missing).toEqual([])
  })

  test.each(LOOKS)(
    'in %s colours fits the window, weighs little at the first visit, and axe finds nothing serious',
    async (...looks) => {
      const visitors = new Visitors(looks)
      const wrong: unknown[] = []
      for (const shown of pages) {
        const page = await visitors.page(shown)
        const own = await looked(page, shown)
        wrong.push(...own.map((text) => [shown.name, text]))
        await page.close()
      }
      await visitors.close()
      expect(wrong).toEqual([])
    },
    WALK_MS,
  )

  const testWithoutPictures = PICTURES === undefined ? test : test.skip
  testWithoutPictures(
    'leads the keyboard to everything that can be pressed or filled in, and shows where it is',
    async () => {
      const visitors = new Visitors(['light', DESKTOP])
      const wrong: unknown[] = []
      for (const shown of pages.filter(({ name }) => MAIN_PAGES.has(name))) {
        const page = await visitors.page(shown)
        await page.goto(new URL(shown.path, showroom.admin).href)
        await page.waitForLoadState('load')
        wrong.push(...(await walkByKeyboard(page)).map((text) => [shown.name, text]))
        await page.close()
      }
      await visitors.close()
      expect(wrong).toEqual([])
    },
    WALK_MS,
  )

  /** What is wrong with a page. */
  async function looked(page: Page, { name, path, then, refuses }: ShownPage): Promise<string[]> {
    const wrong: string[] = []
    page.on('pageerror', (error) => wrong.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !refuses) wrong.push(message.text())
    })
    const weighed = await weigh(page)
    await page.goto(new URL(path, showroom.admin).href)
    const bytes = await weighed()
    if (bytes < 10_000 || bytes > FIRST_PAGE_BYTES) wrong.push(`weighs ${bytes} bytes`)
    await then?.(page)
    await page.waitForLoadState('load')
    const { innerWidth, scrollWidth } = (await page.evaluate(
      '({ innerWidth, scrollWidth: document.documentElement.scrollWidth })',
    )) as { innerWidth: number; scrollWidth: number }
    if (scrollWidth > innerWidth) wrong.push(`is ${scrollWidth} pixels wide`)
    await takePictures(page, name)
    if (PICTURES === undefined) await expectAccessible(page).catch((error: unknown) => wrong.push(String(error)))
    return wrong
  }
})

/** Bytes that come over the wire from now on, with nothing kept from before; to be asked once all is there. */
async function weigh(page: Page): Promise<() => Promise<number>> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.enable')
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
  let bytes = 0
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  return async () => {
    await page.waitForLoadState('load')
    return bytes
  }
}
