import { expect } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { eventually, type ServerProcess } from './server.js'

/** Debian's; `describeWithClients` has found it. */
const PATH = '/usr/bin/chromium'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** A browser that asks nobody but the server under test; `switches`: what it is told beside that. */
export function launchBrowser(switches: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: PATH,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', ...switches],
    ],
  })
}

/** A page that remembers what went wrong in it. */
export async function openPage(browser: Browser, options: object = {}): Promise<{ page: Page; wrong: string[] }> {
  const context = await browser.newContext({ locale: 'en', reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text())
  })
  return { page, wrong }
}

interface AxeResult {
  violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
}

/** Fails when axe finds something serious on the page as it stands; `rules`: the only ones that are asked. */
export async function expectAccessible(page: Page, rules?: readonly string[]): Promise<void> {
  // By evaluation and not as an element: the page's policy lets no inline script in.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(AXE)
  // Sheets of style and media are not fetched once more: no rule that is on by default reads them here.
  const options = { resultTypes: ['violations'], preload: false, ...(rules ? { runOnly: rules } : {}) }
  const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as AxeResult
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const told = serious.map(({ id, nodes }) => [
    id,
    ...nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`),
  ])
  expect([page.url(), told]).toEqual([page.url(), []])
}

/** The window most have at a desk. */
export const DESKTOP = { width: 1280, height: 800 }
/** The width a mobile has, for `openPage`. */
export const MOBILE = { width: 390, height: 844 }

/** Fails when one of the pages is wider than the mobile it is opened on, or axe finds something serious. */
export async function expectFits(page: Page, base: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await page.goto(base + path)
    expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, MOBILE.width])
    await expectAccessible(page)
  }
}

/** Opens the link of the first start, of which the address bar keeps nothing. */
export async function openSetUp(page: Page, { admin }: Pick<ServerProcess, 'admin'>, dataDir: string): Promise<void> {
  const file = join(dataDir, 'admin-setup-link.txt')
  const link = await eventually(async () => (await readFile(file, 'utf8')).trim())
  await page.goto(`${admin}/setup${new URL(link).hash}`)
}

/** Makes the first owner on the page of `openSetUp`, and is signed in as that. */
export async function becomeOwner(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('Sign-in name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/phones$/)
}

/** Signs in with a password, which leads to the list of phones. */
export async function signIn(page: Page, admin: string, login: string, password: string): Promise<void> {
  await page.goto(`${admin}/sign-in`)
  await page.locator('#f-login').fill(login)
  await page.locator('#f-password').fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/phones$/)
}
