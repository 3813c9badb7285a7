import { describe, expect, test } from '@jest/globals'
import { readFileSync, readdirSync } from 'node:fs'
import { loadPhoneData } from '../../src/phone-data.js'
import { settingHelp, settingLabel } from '../../src/web/program-texts.js'
import { SETTING_HELP_DE } from '../../src/web/words/de-setting-help.js'
import { CATALOGUES, languageFor, wordsOf } from '../../src/web/words/words.js'

const { en, de } = CATALOGUES
const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort()

/** Every template, as one text. */
function templates(): string {
  const folder = new URL('../../src/web/templates/', import.meta.url)
  const read = (at: URL): string[] =>
    readdirSync(at)
      .filter((name) => name.endsWith('.hbs'))
      .map((name) => readFileSync(new URL(name, at), 'utf8'))
  return [...read(folder), ...read(new URL('partials/', folder))].join('\n')
}

describe('the texts of the pages', () => {
  test('are the same ones in each language, with the same places to fill in', () => {
    expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort())
    for (const [key, text] of Object.entries(en)) {
      const other = de[key as keyof typeof de]
      expect([key, placeholders(other)]).toEqual([key, placeholders(text)])
      expect(other.trim()).not.toBe('')
    }
  })

  test('are all there that templates name', () => {
    const named = [...templates().matchAll(/\bt "([\w.-]+)"/g)].map(([, key]) => key ?? '')
    expect(named.length).toBeGreaterThan(80)
    expect(named.filter((key) => !Object.hasOwn(en, key))).toEqual([])
  })

  test('stand nowhere in a template itself', () => {
    const text = templates()
      .replace(/\{\{[^]*?\}\}+/g, '')
      .replace(/<script[^]*?<\/script>|<[^>]*>/g, ' ')
      .replace(/phoneboot|SHA-256/g, '')
    expect(text.match(/[A-Za-zÄÖÜäöü]{3,}/g) ?? []).toEqual([])
  })

  test('say times as people do', () => {
    expect(wordsOf('en').ago(0, 180_000)).toBe('3 minutes ago')
    expect(wordsOf('de').ago(7_200_000, 0)).toBe('in 2 Stunden')
  })

  test('count in the form that the number asks for', () => {
    expect([wordsOf('en').count('list.total', 1), wordsOf('en').count('list.total', 1234)]).toEqual([
      '1 entry',
      '1,234 entries',
    ])
  })
})

describe('help in place', () => {
  const folder = new URL('../../src/web/templates/', import.meta.url)
  const inFrame = readdirSync(folder)
    .filter(
      (file) =>
        file.endsWith('.hbs') && readFileSync(new URL(file, folder), 'utf8').match(/^\{\{#> (?:layout|plain)\}\}/),
    )
    .filter((file) => file !== 'error.hbs')
    .map((file) => file.replace('.hbs', ''))

  test('tells of every page what it is for', () => {
    expect(inFrame.length).toBeGreaterThan(40)
    expect(inFrame.filter((view) => !Object.hasOwn(en, `help.${view}`))).toEqual([])
    const views = Object.keys(en).filter((key) => key.startsWith('help.') && key !== 'help.open')
    expect(views.filter((key) => !inFrame.includes(key.replace('help.', '')))).toEqual([])
  })

  test('has a name and a meaning for every setting, in each language', () => {
    const { vocabulary } = loadPhoneData({})
    const keys = [...vocabulary.keys()]
    expect(keys.filter((key) => settingLabel(wordsOf('en'), key) === undefined)).toEqual([])
    expect(keys.filter((key) => !Object.hasOwn(SETTING_HELP_DE, key))).toEqual([])
    expect(Object.keys(SETTING_HELP_DE).filter((key) => !vocabulary.has(key))).toEqual([])
    expect(settingHelp(wordsOf('en'), 'syslogServer', vocabulary)).toBe('Syslog server; empty: off.')
    expect(settingHelp(wordsOf('de'), 'syslogServer', vocabulary)).toBe('Syslog-Server der Telefone; leer: aus.')
  })
})

describe('the language', () => {
  test.each([
    [undefined, 'de-AT,de;q=0.9,en;q=0.5', 'de'],
    [undefined, 'fr,en;q=0.5,de;q=0.7', 'de'],
    [undefined, 'fr', 'en'],
    [undefined, undefined, 'en'],
    ['de', 'en', 'de'],
    ['tlh', 'de;q=0', 'en'],
  ])('chosen %s, wanted %s: %s', (chosen, wanted, language) => {
    expect(languageFor(chosen, wanted)).toBe(language)
  })
})
