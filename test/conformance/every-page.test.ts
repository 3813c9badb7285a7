import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { PAGES } from '../../src/web/pages.js'
import { DESKTOP, expectAccessible, launchBrowser, MOBILE } from '../support/browser.js'
import { walkByKeyboard } from '../support/keyboard.js'
import { PICTURES, takePictures } from '../support/picture.js'
import { describeWithClients } from '../support/real-clients.js'
import { SERVER_TEST_MS } from '../support/server.js'
import { openShowroom, type Showroom } from '../support/showroom.js'
import { shownPages, type ShownPage } from '../support/shown-pages.js'
import { Visitors } from '../support/visitors.js'

/** Over the wire with all it needs, for somebody who comes for the first time. */
const FIRST_PAGE_BYTES = 150_000
/** No pages of their own: a start that leads elsewhere, the stream of events, and parts of pages. */
const NO_PAGES = ['/', '/live', '/effects/{id}', '/people/choices']
const WALK_MS = 20 * SERVER_TEST_MS

/** What is worked with every day. */
const MAIN_PAGES = new Set(
  'phones phone pending assign people person person-new keys softphones settings settings-layer setting changes imports import import-done import-undo move-in sign-in me own-home'.split(
    ' ',
  ),
)

/** Two cores are what the smallest machine for tests has. */
const TABS = 2
/** What axe asks that colours or width may change; what stands in the page is the same in all of them. */
const LOOKS = [
  'color-contrast',
  'link-in-text-block',
  'scrollable-region-focusable',
  'button-name',
  'link-name',
  'label',
]

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

  /** Visits all pages in tabs side by side, those of the second site one after the other; tells what is wrong with which. */
  async function visitAll(
    which: readonly ShownPage[],
    visit: (visitors: Visitors, shown: ShownPage) => Promise<readonly string[]>,
  ): Promise<(readonly [string, string])[]> {
    const wrong: (readonly [string, string])[] = []
    const take = async (queue: ShownPage[]): Promise<void> => {
      const visitors = new Visitors(browser, showroom)
      for (let shown = queue.shift(); shown; shown = queue.shift()) {
        const { name } = shown
        wrong.push(...(await visit(visitors, shown)).map((text) => [name, text] as const))
      }
    }
    const side = which.filter(({ site }) => site === undefined)
    await Promise.all(Array.from({ length: TABS }, () => take(side)))
    await take(which.filter(({ site }) => site !== undefined))
    return wrong
  }

  test('stands in the list of pages to look at', () => {
    const shown = shownPages(showroom).map(({ path, covers }) => covers ?? path.replace(/\?.*/, ''))
    const missing = PAGES.filter(({ method, path }) => method === 'get' && !NO_PAGES.includes(path))
      .filter(({ path }) => !shown.some((one) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(one)))
      .map(({ path }) => path)
    expect(missing).toEqual([])
  })

  test(
    'fits a desk and a mobile in both languages, weighs little at the first visit, and axe finds nothing serious in light or dark',
    async () => {
      expect(await visitAll(pages, looked)).toEqual([])
    },
    WALK_MS,
  )

  const testWithoutPictures = PICTURES === undefined ? test : test.skip
  testWithoutPictures(
    'leads the keyboard to everything that can be pressed or filled in, and shows where it is',
    async () => {
      const main = pages.filter(({ name }) => MAIN_PAGES.has(name))
      const walked = async (visitors: Visitors, shown: ShownPage): Promise<string[]> => {
        const { page } = await visitors.tab(shown)
        await page.goto(new URL(shown.path, showroom.admin).href)
        await page.waitForLoadState('load')
        return walkByKeyboard(page)
      }
      expect(await visitAll(main, walked)).toEqual([])
    },
    WALK_MS,
  )

  /** What is wrong with a page. */
  async function looked(visitors: Visitors, shown: ShownPage): Promise<string[]> {
    const { name, path, then, refuses } = shown
    const tab = await visitors.tab(shown)
    const { page } = tab
    const wrong: string[] = []
    await page.goto(new URL(path, showroom.admin).href)
    await page.waitForLoadState('load')
    const { bytes } = tab
    if (bytes < 10_000 || bytes > FIRST_PAGE_BYTES) wrong.push(`weighs ${bytes} bytes`)
    await then?.(page)
    await page.waitForLoadState('load')
    if (PICTURES === undefined) {
      wrong.push(...(await inBothLooks(page)), ...(await inGerman(visitors, shown, page.url())))
    } else await takePictures(page, name)
    return [...wrong, ...(refuses ? [] : tab.wrong)]
  }

  /** What was done on a page without an address of its own is not done again. */
  async function inGerman(visitors: Visitors, shown: ShownPage, url: string): Promise<string[]> {
    if (shown.then && shown.covers === undefined) return []
    const { page, wrong } = await visitors.tab(shown, 'de')
    await page.setViewportSize(MOBILE)
    await page.goto(url)
    expect(await page.locator('html').getAttribute('lang')).toBe('de')
    return [...(await tooWide(page)), ...(shown.refuses ? [] : wrong)]
  }
})

/** Once in light colours at a desk, then what changes with colours and width. */
async function inBothLooks(page: Page): Promise<string[]> {
  const wrong: string[] = []
  const look = async (rules?: readonly string[]): Promise<void> => {
    wrong.push(...(await tooWide(page)))
    await expectAccessible(page, rules).catch((error: unknown) => wrong.push(String(error)))
  }
  await look()
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.setViewportSize(MOBILE)
  await look(LOOKS)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(DESKTOP)
  return wrong
}

/** Whether the page is wider than its window. */
async function tooWide(page: Page): Promise<string[]> {
  const over = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
  return over > 0 ? [`is ${over} pixels wider than its window`] : []
}
