import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** Where pictures of the pages go, when they are asked for (`npm run pictures`). */
export const PICTURES = process.env.PHONEBOOT_TEST_PICTURES_FOLDER
const FORMAT = process.env.PHONEBOOT_TEST_PICTURES_FORMAT === 'png' ? 'png' : 'webp'
/** What is taken of a long page, in pixels. */
const TALLEST = 1_600
const QUALITY = 70

/** Phones of the showroom are on loopback, which is what nobody has at his office. */
const SHOWN_ADDRESSES = `(() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!node.data.includes('127.')) continue
    node.data = node.data.replaceAll('127.168.10.', '192.168.10.').replaceAll('127.0.0.1', '192.168.10.5').replaceAll('127.66.6.', '203.0.113.')
  }
})()`

/** A picture of the page as it stands, with its whole length up to a limit. */
export async function takePicture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return
  mkdirSync(PICTURES, { recursive: true })
  await page.evaluate(SHOWN_ADDRESSES)
  const width = page.viewportSize()?.width ?? 0
  const full = Number(await page.evaluate('document.documentElement.scrollHeight'))
  const cdp = await page.context().newCDPSession(page)
  const { data } = await cdp.send('Page.captureScreenshot', {
    ...{ format: FORMAT, captureBeyondViewport: true },
    ...(FORMAT === 'webp' ? { quality: QUALITY } : {}),
    clip: { x: 0, y: 0, width, height: Math.min(full, TALLEST), scale: 1 },
  })
  await cdp.detach()
  writeFileSync(join(PICTURES, `${name}.${FORMAT}`), Buffer.from(data, 'base64'))
}
