import type { Millis } from '../../domain/clock.js'
import { de } from './de.js'
import { en, type WordKey } from './en.js'

export type { WordKey } from './en.js'

export const LANGUAGES = ['en', 'de'] as const
export type Language = (typeof LANGUAGES)[number]

/** What each language calls itself. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' }

export const CATALOGUES: Readonly<Record<Language, Readonly<Record<WordKey, string>>>> = { en, de }

/** The texts in one language. */
export interface Words {
  readonly language: Language
  t(key: WordKey, values?: Readonly<Record<string, unknown>>): string
  /** The form of `key` that goes with `n`: `key.one`, `key.other`. */
  count(key: string, n: number): string
  /** `key` as it stands when it is one of ours, else undefined. */
  find(key: string): string | undefined
  /** `3 minutes ago`. */
  ago(at: Millis, now: Millis): string
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

export function wordsOf(language: Language): Words {
  const catalogue = CATALOGUES[language]
  const plural = new Intl.PluralRules(language)
  const numbers = new Intl.NumberFormat(language)
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const find = (key: string): string | undefined =>
    Object.hasOwn(catalogue, key) ? catalogue[key as WordKey] : undefined
  return {
    language,
    find,
    t: (key, values = {}) => filled(catalogue[key], values),
    count: (key, n) => {
      const form = find(`${key}.${plural.select(n)}`) ?? find(`${key}.other`) ?? key
      return filled(form, { n: numbers.format(n) })
    },
    ago: (at, now) => {
      const past = at - now
      const [unit, ms] = STEPS.find(([, size]) => Math.abs(past) >= size) ?? (['second', 1_000] as const)
      return relative.format(Math.trunc(past / ms), unit)
    },
  }
}

function filled(text: string, values: Readonly<Record<string, unknown>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  )
}

/** What was chosen, else the best of what the browser wants (RFC 9110 §12.5.4), else English. */
export function languageFor(chosen: string | undefined, acceptLanguage: string | undefined): Language {
  const known = (name: string): Language | undefined => LANGUAGES.find((one) => one === name)
  const picked = known(chosen ?? '')
  if (picked) return picked
  const wanted = (acceptLanguage ?? '')
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.trim().toLowerCase().split(';')
      const q = parameters.map((one) => /^\s*q=([\d.]+)$/.exec(one)?.[1]).find((one) => one !== undefined)
      return { language: known(range.split('-')[0] ?? ''), weight: q === undefined ? 1 : Number(q) }
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
  return wanted.find(({ language }) => language !== undefined)?.language ?? 'en'
}
