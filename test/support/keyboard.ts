import type { Page } from 'playwright-core'

/** Finds what the Tab key must reach, one for each group of radio buttons. A page that renews itself keeps its elements, but not what is written on them. */
const FIND_STOPS = `(() => {
  const groups = new Set()
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')].filter((one) => {
    if (one.disabled || one.type === 'hidden' || one.tabIndex < 0 || !one.checkVisibility({ visibilityProperty: true })) return false
    if (one.type !== 'radio') return true
    const isFirst = !groups.has(one.name)
    groups.add(one.name)
    return isFirst
  })
  window.stops = new Map(all.map((one) => [one, false]))
  document.activeElement?.blur()
  return all.length
})()`

/** Marks where the focus is as reached, and tells whether somebody sees it. */
const REACH = `(() => {
  const one = document.activeElement
  if (!one || one === document.body) return undefined
  const style = getComputedStyle(one)
  // A key that is drawn shows it by a bold edge.
  const drawn = one.querySelector('.phone-button')
  const isShown =
    (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) ||
    style.boxShadow !== 'none' ||
    (drawn !== null && parseFloat(getComputedStyle(drawn).strokeWidth) >= 3)
  const isMeant = (stop) => stop === one || (one.type === 'radio' && stop.type === 'radio' && stop.name === one.name)
  for (const stop of window.stops.keys()) if (isMeant(stop)) window.stops.set(stop, true)
  return { isShown, html: one.outerHTML.slice(0, 120) }
})()`

/** What is there all the time and was not reached. */
const MISSED = `[...window.stops].filter(([one, isReached]) => !isReached && one.isConnected).map(([one]) => one.outerHTML.slice(0, 120))`

/** More than any page has to press or to fill in, once around. */
const MOST_PRESSES = 200

/** Goes through a page with the Tab key; tells what was never reached and where the focus was not to be seen. */
export async function walkByKeyboard(page: Page): Promise<string[]> {
  const count = (await page.evaluate(FIND_STOPS)) as number
  const missed = async (): Promise<string[]> => (await page.evaluate(MISSED)) as string[]
  const unseen: string[] = []
  for (let presses = 0; presses < count + 10 && (await missed()).length > 0; presses += 1) {
    await page.keyboard.press('Tab')
    const now = (await page.evaluate(REACH)) as { isShown: boolean; html: string } | undefined
    if (now && !now.isShown) unseen.push(`no focus to be seen: ${now.html}`)
  }
  return [...(await missed()).map((html) => `not reached: ${html}`), ...unseen]
}

/** Presses Tab until what is so called has the focus; fails when it is not reached. */
export async function tabTo(
  page: Page,
  name: string | RegExp,
  role: 'button' | 'link' | 'field' = 'button',
): Promise<void> {
  const wanted = role === 'field' ? page.getByLabel(name) : page.getByRole(role, { name })
  for (let presses = 0; presses < MOST_PRESSES; presses += 1) {
    if (await wanted.first().evaluate((one) => one.matches(':focus'))) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`${String(name)} is not reached by the Tab key`)
}
