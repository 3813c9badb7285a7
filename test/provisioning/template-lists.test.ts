import { describe, expect, test } from '@jest/globals'
import type { KeyField, PhoneFile } from '../../src/catalog/manifest.js'
import { AppError } from '../../src/domain/errors.js'
import { Sheet } from '../../src/provisioning/sheet.js'
import { createTemplates } from '../../src/provisioning/template.js'

const FILE: PhoneFile = {
  key: 'device',
  path: 'x',
  scope: 'device',
  expectedMiss: false,
  secrets: false,
  contentType: 'text/plain',
  escape: 'kv',
  entry: '{name}={value}',
  attributes: {},
  empty: '',
  booleans: [0, 1],
  reader: '',
}
const WORDS: Record<string, Record<string, KeyField>> = { codec: { pcmu: 'PCMU', pcma: 'PCMA', opus: null } }

function render(template: string, view: object): string {
  return createTemplates(new Map())(template, 'test')(view, new Sheet({ file: FILE, words: WORDS, raw: new Map() }))
}

describe('helpers for lists, missing words and fixed widths', () => {
  test('words gives the vendor words in the order of the list, without members the phone lacks', () => {
    expect(render('{{set "c" (join (words "codec" list) ",")}}', { list: ['pcma', 'opus', 'ilbc', 'pcmu'] })).toBe(
      'c=PCMA,PCMU',
    )
    expect(render('{{#if (words "codec" list)}}some{{else}}none{{/if}}', { list: ['opus'] })).toBe('none')
  })

  test('word falls back to its default only where the table has no entry, and refuses without one', () => {
    expect(render('{{set "c" (word "codec" name default="G711")}}', { name: 'pcma' })).toBe('c=PCMA')
    expect(render('{{set "c" (word "codec" name default="G711")}}', { name: 'ilbc' })).toBe('c=G711')
    expect(render('{{set "c" (word "codec" name default="G711")}}', { name: 'opus' })).toBe('c=')
    expect(render('{{set "c" (word "codec" name default=null)}}', { name: 'ilbc' })).toBe('c=')
    expect(() => render('{{set "c" (word "codec" name)}}', { name: 'constructor' })).toThrow(AppError)
  })

  test('default replaces null and nothing else', () => {
    expect(render('{{set "a" (default value "x")}}', { value: null })).toBe('a=x')
    expect(render('{{set "a" (default value "x")}}', { value: 0 })).toBe('a=0')
    expect(() => render('{{set "a" (default missing "x")}}', {})).toThrow(AppError)
  })

  test('times and pad count and fill up, and leave null alone', () => {
    expect(render('{{set "a" (times value 60)}} {{set "b" (pad value 2)}}', { value: 5 })).toBe('a=300 b=05')
    expect(render('{{set "a" (times value 60)}} {{set "b" (pad value 2)}}', { value: null })).toBe('a= b=')
  })
})
