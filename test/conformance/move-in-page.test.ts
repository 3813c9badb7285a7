import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { ALL_SITES } from '../../src/accounts/permissions.js'
import { BY_TEST } from '../support/accounts.js'
import { expectAccessible, launchBrowser, MOBILE, openPage, signIn } from '../support/browser.js'
import { openOffice, type Office } from '../support/office.js'
import { describeWithClients } from '../support/real-clients.js'
import { SERVER_TEST_MS } from '../support/server.js'

const PASSWORD = 'Correct horse 9'
/** What stands in a file of the old server for somebody. */
const config = (number: string, name: string): string =>
  [
    '#!version:1.0.0.1',
    ...[`enable = 1`, `display_name = ${name}`, `user_name = ${number}`, `auth_name = ${number}`].map(
      (line) => `account.1.${line}`,
    ),
    `account.1.password = Old-${number}-secret`,
    'account.1.sip_server.1.address = pbx.old.example',
    '',
  ].join('\n')
/** Ten to the power of nine letters, were it read as XML says. */
const BOMB = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">${Array.from(
  { length: 8 },
  (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`,
).join('')}]><gs_provision version="1"><config version="1"><P35>&a8;</P35></config></gs_provision>`
const SCRIPT = '<img src=x onerror="window.wasRun=true">'

/** A folder as one finds it on an old server, and worse. */
const FILES: Readonly<Record<string, string | Buffer>> = {
  '805ec00000d1.cfg': Buffer.from(config('141', 'J\u00f6rg Alt'), 'latin1'),
  'floor 2/805ec00000d2.cfg': config('142', SCRIPT),
  'cfgc074ad0000d3.xml': BOMB,
  '805ec00000d4.cfg': `${config('144', 'Much')}${'# filler\n'.repeat(80_000)}`,
  '805ec00000d5.cfg': Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0xff, 0xfe, 0x00]),
  [`floor 2/${SCRIPT.replaceAll('/', '')}.cfg`]: 'x',
  'backup.zip': Buffer.from('PK\u0003\u0004'),
}

describeWithClients('the page of moving in, in Chromium', { chromium: 'chromium' }, () => {
  let office: Office
  let folder: string
  let browser: Browser
  let page: Page
  let wrong: string[]
  let admin: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'phoneboot-old-'))
    await mkdir(join(folder, 'floor 2'))
    for (const [name, content] of Object.entries(FILES)) await writeFile(join(folder, name), content)
    office = await openOffice()
    admin = `http://127.0.0.1:${office.ports.admin}`
    const grants = [{ siteId: ALL_SITES, role: 'owner' }]
    await office.installation.accounts.create(BY_TEST, { name: 'anna', password: PASSWORD, grants })
    browser = await launchBrowser()
    ;({ page, wrong } = await openPage(browser, { viewport: MOBILE }))
    await signIn(page, admin, 'anna', PASSWORD)
  }, SERVER_TEST_MS)
  afterAll(async () => {
    await browser?.close()
    await office?.stop()
    await rm(folder, { recursive: true, force: true })
  }, SERVER_TEST_MS)

  /** What is told of the folder before anything is taken over. */
  async function expectReport(): Promise<void> {
    await page.getByRole('heading', { name: 'Which model is it?' }).waitFor()
    for (const text of [
      'backup.zip',
      `${SCRIPT}.cfg`,
      'cfgc074ad0000d3.xml, line 1: DOCTYPE',
      '805ec00000d4.cfg is larger than 512 KB',
      '805ec00000d5.cfg cannot be read',
    ]) {
      await page.getByText(text).first().waitFor()
    }
    expect(await page.evaluate('window.wasRun')).toBe(undefined)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(MOBILE.width)
    await expectAccessible(page)
  }

  test('a folder is chosen, asked about, taken over, and people and phones are there', async () => {
    await page.goto(`${admin}/move-in`)
    await expectAccessible(page)
    await page.locator('#f-folder').setInputFiles(folder)
    await page.getByRole('button', { name: 'Read the files' }).click()
    await expectReport()

    await page.getByLabel('2 phones').selectOption('yealink/t21p-e2')
    await page.getByRole('button', { name: 'Read again' }).click()
    await page.getByText('People: 2 new').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Take over now' }).click()
    await page.getByText('Point the phones at this server now').waitFor()
    await expectAccessible(page)

    await page.goto(`${admin}/people`)
    await page.getByText('J\u00f6rg Alt').first().waitFor()
    await page.getByText(SCRIPT).first().waitFor()
    await page.goto(`${admin}/phones`)
    await page.getByText('80:5e:c0:00:00:d2').first().waitFor()
    expect(await page.evaluate('window.wasRun')).toBe(undefined)
    const password = await office.installation.extensions.password('test', '141')
    expect(password.reveal()).toBe('Old-141-secret')
  })

  test('a folder is dropped as a hand drops it', async () => {
    await page.goto(`${admin}/move-in`)
    const box = await page.locator('.drop').boundingBox()
    const at = { x: (box?.x ?? 0) + 20, y: (box?.y ?? 0) + 10 }
    const cdp = await page.context().newCDPSession(page)
    const data = { items: [], files: [folder], dragOperationsMask: 1 }
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await cdp.send('Input.dispatchDragEvent', { type, ...at, data })
    }
    // Of the phones that are here now the model is known.
    await page.getByText('2 phones and 2 people are in the files.').waitFor()
    await page.getByText(`${SCRIPT}.cfg`).first().waitFor()
    await page.getByText('People: 0 new').waitFor()
    expect(wrong).toEqual([])
  })
})
