import type { Page } from 'playwright-core'

/** Marks what the Tab key must reach, one for each group of radio buttons, and tells how many there are. */
const MARK = `(() => {
  const groups = new Set()
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')].filter((one) => {
    if (one.disabled || one.type === 'hidden' || one.tabIndex < 0 || !one.checkVisibility({ visibilityProperty: true })) return false
    if (one.type !== 'radio') return true
    const isFirst = !groups.has(one.name)
    groups.add(one.name)
    return isFirst
  })
  all.forEach((one, index) => (one.dataset.stop = index))
  document.activeElement?.blur()
  return all.map(({ outerHTML }) => outerHTML.slice(0, 120))
})()`

/** Where the focus is, and whether somebody sees it. */
const WHERE = `(() => {
  const one = document.activeElement
  if (!one || one === document.body) return undefined
  const style = getComputedStyle(one)
  // A key that is drawn shows it by a bold edge.
  const drawn = one.querySelector('.phone-button')
  const isShown =
    (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) ||
    style.boxShadow !== 'none' ||
    (drawn !== null && parseFloat(getComputedStyle(drawn).strokeWidth) >= 3)
  const stop = one.type === 'radio' ? document.querySelector('[data-stop][name="' + one.name + '"]') : one
  return { stop: stop?.dataset.stop, isShown, html: one.outerHTML.slice(0, 120) }
})()`

/** More than any page has to press or to fill in, once around. */
const MOST_PRESSES = 200

interface Stop {
  stop?: string
  isShown: boolean
  html: string
}

/** Goes through a page with the Tab key; tells what was never reached and where the focus was not to be seen. */
export async function walkByKeyboard(page: Page): Promise<string[]> {
  const marked = (await page.evaluate(MARK)) as string[]
  const reached = new Set<string>()
  const unseen: string[] = []
  for (let presses = 0; presses < marked.length + 10 && reached.size < marked.length; presses += 1) {
    await page.keyboard.press('Tab')
    const now = (await page.evaluate(WHERE)) as Stop | undefined
    if (!now) continue
    if (now.stop !== undefined) reached.add(now.stop)
    if (!now.isShown) unseen.push(`no focus to be seen: ${now.html}`)
  }
  const missed = marked.filter((_, index) => !reached.has(String(index)))
  return [...missed.map((html) => `not reached: ${html}`), ...unseen]
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
