import { expect, test } from '@jest/globals'
import type { PhoneFile } from '../../src/catalog/manifest.js'
import { shared } from '../../src/provisioning/shared-item.js'
import { Sheet } from '../../src/provisioning/sheet.js'
import { createTemplates } from '../../src/provisioning/template.js'

const FILE: PhoneFile = {
  key: 'device',
  path: '{mac}.cfg',
  scope: 'device',
  expectedMiss: false,
  secrets: true,
  contentType: 'text/plain',
  escape: 'kv',
  entry: '{name} = {value}',
  attributes: {},
  empty: '',
  booleans: [0, 1],
  reader: 'yealink-cfg',
}

function written(source: string, views: readonly object[], raw = new Map<string, string>()): string[] {
  const template = createTemplates(new Map([['key', '{{set "in.{n}" value}}\n']]))(source, 'test')
  return views.map((view) => {
    const sheet = new Sheet({ file: FILE, words: {}, raw })
    const text = template(view, sheet)
    expect(text.trim().split('\n')).toEqual(sheet.entries.map(({ name, value }) => `${name} = ${value}`))
    return text
  })
}

test('an item that phones share is written once, and reads the same in every phone’s file', () => {
  let read = 0
  const item = shared(Object.defineProperty({ n: 1 }, 'value', { enumerable: true, get: () => `value ${(read += 1)}` }))
  const views = [{ keys: [item, { n: 2, value: 'a' }] }, { keys: [item, { n: 2, value: 'b' }] }]
  const [first, second] = written('{{#each keys}}\n{{> key}}\n{{/each}}', views)
  expect(first).toBe('in.1 = value 1\nin.2 = a\n')
  expect(second).toBe('in.1 = value 1\nin.2 = b\n')
})

test.each([
  ['{{#each keys}}\n{{set "k.{n}" ../mac}}\n{{/each}}'],
  ['{{#each keys}}\n{{set "k.{n}" @root.mac}}\n{{/each}}'],
  ['{{#each keys}}\n{{#each parts}}\n{{set "k" ../../mac}}\n{{/each}}\n{{/each}}'],
  ['{{#each keys}}\n{{#if (eq ../mac "b")}}\n{{set "k" "b"}}\n{{else}}\n{{set "k" "a"}}\n{{/if}}\n{{/each}}'],
])('what a block takes from the phone itself is never kept: %j', (source) => {
  const item = shared({ n: 1, parts: [{ p: 1 }] })
  const [first, second] = written(source, [
    { mac: 'a', keys: [item] },
    { mac: 'b', keys: [item] },
  ])
  expect(first).toMatch(/ = a\n/)
  expect(second).toMatch(/ = b\n/)
})

test('another firmware generation is written anew', () => {
  const item = shared({ n: 1 })
  const source = '{{#each keys}}\n{{#if @root.era.v8}}\n{{set "new" n}}\n{{else}}\n{{set "old" n}}\n{{/if}}\n{{/each}}'
  const texts = written(source, [
    { era: { v8: true }, keys: [item] },
    { era: { v8: false }, keys: [item] },
  ])
  expect(texts).toEqual(['new = 1\n', 'old = 1\n'])
})

test('a raw parameter wins over what was kept', () => {
  const item = shared({ n: 1, value: 'usual' })
  const source = '{{#each keys}}\n{{> key}}\n{{/each}}'
  const template = createTemplates(new Map([['key', '{{set "in.{n}" value}}\n']]))(source, 'test')
  const text = (raw: Map<string, string>): string =>
    template({ keys: [item] }, new Sheet({ file: FILE, words: {}, raw }))
  expect(text(new Map())).toBe('in.1 = usual\n')
  expect(text(new Map([['in.1', 'raw']]))).toBe('in.1 = raw\n')
  expect(text(new Map())).toBe('in.1 = usual\n')
})
