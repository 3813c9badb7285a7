import { describe, expect, test } from '@jest/globals'
import { familySchema, type KeyField, type PhoneFile } from '../../src/catalog/manifest.js'
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

function render(template: string, view: object, parts: Partial<{ file: PhoneFile; raw: Map<string, string> }> = {}) {
  const words: Record<string, Record<string, KeyField>> = { codec: { pcmu: 0, pcma: 8, g722: 9, opus: null } }
  const sheet = new Sheet({ file: parts.file ?? FILE, words, raw: parts.raw ?? new Map() })
  return createTemplates(new Map())(template, 'test')(view, sheet)
}

describe('helpers for phones with fixed rows and split addresses', () => {
  test('choice leaves out what the phone lacks and repeats the last one to the end of the row', () => {
    const sets = [1, 2, 3].map((n) => `{{set "c${n}" (choice "codec" list ${n})}}`).join(' ')
    expect(render(sets, { list: ['opus', 'g722', 'g729', 'pcma'] })).toBe('c1=9 c2=8 c3=8')
    expect(render(sets, { list: ['pcma'] })).toBe('c1=8 c2=8 c3=8')
    expect(render(sets, { list: ['opus'] })).toBe('c1=0 c2=0 c3=0')
  })

  test('clamp keeps a number inside what the phone takes and leaves null alone', () => {
    const set = '{{set "a" (clamp value 10 160)}}'
    expect(render(set, { value: 5 })).toBe('a=10')
    expect(render(set, { value: 30 })).toBe('a=30')
    expect(render(set, { value: 3600 })).toBe('a=160')
    expect(render(set, { value: null })).toBe('a=')
  })

  test('urlScheme and urlTarget take an address apart, without a file name that the phone adds itself', () => {
    const set = '{{set "s" (urlScheme url)}} {{set "t" (urlTarget url "phonebook.xml")}}'
    expect(render(set, { url: 'https://192.0.2.5:8443/a/phonebook.xml' })).toBe('s=https t=192.0.2.5:8443/a')
    expect(render(set, { url: 'http://192.0.2.5/a/myphonebook.xml' })).toBe('s=http t=192.0.2.5/a/myphonebook.xml')
    expect(render(set, { url: null })).toBe('s= t=')
  })

  test('a raw parameter of a form this file cannot hold is left to other files', () => {
    const raw = new Map([
      ['P331', 'x'],
      ['phonebook.download.server', 'y'],
    ])
    const file = { ...FILE, parameters: '^P\\d+$' }
    expect(render('{{rest}}', {}, { file, raw })).toBe('P331=x')
  })
  test('an expression for parameter names that cannot be compiled is found when the manifest is read', () => {
    const { fileDefaults } = familySchema.shape
    expect(fileDefaults.safeParse({ parameters: '^P\\d+$' }).success).toBe(true)
    expect(fileDefaults.safeParse({ parameters: '^P(' }).success).toBe(false)
  })
})
