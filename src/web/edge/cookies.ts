import type { Choice } from '../page.js'

const YEAR_SECONDS = 365 * 86_400
const NAMES: Readonly<Record<Choice, string>> = {
  theme: 'phoneboot-theme',
  language: 'phoneboot-language',
  site: 'phoneboot-site',
}
const VALUE = /^[a-z0-9-]{1,40}$/

/** What the visitor chose before; nothing secret, and nothing that is not checked again. */
export function choicesIn(cookies: string | undefined): Partial<Record<Choice, string>> {
  const found = new Map<string, string>()
  for (const part of (cookies ?? '').split(';')) {
    const [name = '', value = ''] = part.trim().split('=')
    if (VALUE.test(value)) found.set(name, value)
  }
  const choices: Partial<Record<Choice, string>> = {}
  for (const choice of Object.keys(NAMES) as Choice[]) {
    const value = found.get(NAMES[choice])
    if (value !== undefined) choices[choice] = value
  }
  return choices
}

export function choiceCookies(choices: Readonly<Partial<Record<Choice, string>>>, secure: boolean): string[] {
  return (Object.entries(choices) as [Choice, string][]).map(([choice, value]) => {
    const parts = [`${NAMES[choice]}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${YEAR_SECONDS}`]
    return [...parts, ...(secure ? ['Secure'] : [])].join('; ')
  })
}
