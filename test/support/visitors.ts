import type { Browser, BrowserContext, Page } from 'playwright-core'
import { DESKTOP, signIn } from './browser.js'
import type { ShownPage } from './shown-pages.js'
import { SHOWROOM_PASSWORD, type Showroom } from './showroom.js'

/** A tab in which one page after the other is looked at. */
export interface Tab {
  page: Page
  /** What went wrong in the page, as the browser tells it. */
  wrong: string[]
  /** What came over the wire, with nothing kept from before; counted until somebody sets it to nothing. */
  bytes: number
}

/** Those who look at pages of the showroom, each signed in once and in a tab of his own. */
export class Visitors {
  readonly #tabs = new Map<string, Promise<Tab>>()

  constructor(
    private readonly browser: Browser,
    private readonly showroom: Showroom,
  ) {}

  /** The tab of whoever looks at this page, empty and on the right site. */
  async tab({ by: who, site = 'default' }: ShownPage, language: 'en' | 'de' = 'en'): Promise<Tab> {
    const by = who ?? 'anna'
    const key = `${by} ${language}`
    const known = this.#tabs.get(key) ?? this.#open(by, language)
    this.#tabs.set(key, known)
    const tab = await known
    await tab.page.context().addCookies([{ name: 'phoneboot-site', value: site, url: this.showroom.admin }])
    await tab.page.goto('about:blank')
    return Object.assign(tab, { wrong: [], bytes: 0 })
  }

  async #open(by: string, locale: string): Promise<Tab> {
    const context = await this.browser.newContext({
      ...{ locale, reducedMotion: 'reduce', viewport: DESKTOP, ignoreHTTPSErrors: true },
    })
    const page = await context.newPage()
    if (by === 'person') await this.#enterOwnPage(context)
    else if (by !== 'nobody') await signIn(page, this.showroom.admin, by, SHOWROOM_PASSWORD)
    const tab: Tab = { page, wrong: [], bytes: 0 }
    page.on('pageerror', (error) => tab.wrong.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') tab.wrong.push(message.text())
    })
    const cdp = await context.newCDPSession(page)
    await cdp.send('Network.enable')
    await cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
    cdp.on('Network.loadingFinished', ({ encodedDataLength }) => (tab.bytes += encodedDataLength))
    return tab
  }

  async #enterOwnPage(context: BrowserContext): Promise<void> {
    const cookie = { name: 'phoneboot-me', value: this.showroom.session, domain: '127.0.0.1', path: '/me/' }
    await context.addCookies([{ ...cookie, secure: true }])
  }
}
