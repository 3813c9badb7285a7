import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { DESKTOP, MOBILE } from './browser.js'

/** Where pictures of the pages go, when they are asked for (`npm run pictures`). */
export const PICTURES = process.env.PHONEBOOT_TEST_PICTURES_FOLDER
const FORMAT = process.env.PHONEBOOT_TEST_PICTURES_FORMAT === 'png' ? 'png' : 'webp'
/** Of WebP: a letter can be read, and some four hundred pictures are small together. */
const QUALITY = 32
/** What is taken of a long page, in windows; all of it for whoever looks for faults. */
const WINDOWS = FORMAT === 'png' ? 3 : 1

/** Phones of the showroom are on loopback, which is what nobody has at his office. */
const SHOWN_ADDRESSES = `(() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!node.data.includes('127.')) continue
    node.data = node.data.replaceAll('127.168.10.', '192.168.10.').replaceAll('127.0.0.1', '192.168.10.5').replaceAll('127.66.6.', '203.0.113.')
  }
})()`

/** Pictures of the page as it stands: in both colours, on a desk and on a mobile. */
export async function takePictures(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return
  mkdirSync(PICTURES, { recursive: true })
  await page.evaluate(SHOWN_ADDRESSES)
  const before = page.viewportSize() ?? DESKTOP
  for (const size of [DESKTOP, MOBILE]) {
    await page.setViewportSize(size)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await takePicture(page, join(PICTURES, `${name}-${colorScheme}-${size.width}.${FORMAT}`), size)
    }
  }
  await page.setViewportSize(before)
}

async function takePicture(page: Page, file: string, { width, height }: typeof DESKTOP): Promise<void> {
  const full = Number(await page.evaluate('document.documentElement.scrollHeight'))
  const cdp = await page.context().newCDPSession(page)
  const { data } = await cdp.send('Page.captureScreenshot', {
    ...{ format: FORMAT, captureBeyondViewport: true },
    ...(FORMAT === 'webp' ? { quality: QUALITY } : {}),
    clip: { x: 0, y: 0, width, height: Math.min(full, WINDOWS * height), scale: 1 },
  })
  await cdp.detach()
  writeFileSync(file, Buffer.from(data, 'base64'))
}
