import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import { taggedTests, type TaggedTest } from '../support/rfc-tags.js'

const PROJECT = join(shippedTemplates(), '..')
const PAGE = join(PROJECT, 'docs/rfc-coverage.md')

interface Rules {
  titles: Record<string, string>
  registrar: string[]
  leftOut: { rfc: number; section: string; rule: string; why: string }[]
}

const rules = parse(readFileSync(join(PROJECT, 'test/docs/rfc-rules.yaml'), 'utf8')) as Rules
const tests = taggedTests(join(PROJECT, 'test'))

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '\\<').replaceAll('*', '\\*')
const section = (text: string): string => (text === '' ? '' : `§${text}`)

function chapter(rfc: number, found: readonly TaggedTest[]): string {
  const rows = found.map((one) => `| ${section(one.section)} | ${cell(one.rule)} | [${one.file}](../${one.file}) |`)
  return `## RFC ${rfc}: ${rules.titles[rfc]}

| Section | What is tested | Where |
| --- | --- | --- |
${rows.join('\n')}
`
}

function page(): string {
  const rfcs = [...new Set(tests.map(({ rfc }) => rfc))]
  const sections = new Set(tests.map((one) => `${one.rfc}-${one.section}`)).size
  const left = rules.leftOut.map(
    (one) => `| ${one.rfc} | ${section(one.section)} | ${cell(one.rule)} | ${cell(one.why)} |`,
  )
  return `# RFC rules and their tests

Generated from the names of the tests and from \`test/docs/rfc-rules.yaml\`
(\`UPDATE_GOLDEN=1 npm test -- docs/rfc-coverage\`). A test whose name carries a tag such as \`[RFC3261-10.3.7]\` shows
that rule; for SIP the numbers behind 10.3 are the steps of that section. There are ${tests.length} of them, for
${sections} sections of ${rfcs.length} RFCs. What is left out, and why, stands at the end.

${rfcs
  .map((rfc) =>
    chapter(
      rfc,
      tests.filter((one) => one.rfc === rfc),
    ),
  )
  .join('\n')}
## Left out

| RFC | Section | Rule | Why |
| --- | --- | --- | --- |
${left.join('\n')}
`
}

test('docs/rfc-coverage.md is what the names of the tests say', () => {
  if (process.env.UPDATE_GOLDEN) writeFileSync(PAGE, page())
  expect(readFileSync(PAGE, 'utf8')).toBe(page())
})

test('every rule for a registrar has a test', () => {
  const shown = new Set(tests.map((one) => `RFC${one.rfc}${one.section === '' ? '' : `-${one.section}`}`))
  expect(rules.registrar.filter((tag) => !shown.has(tag))).toEqual([])
})

test('every RFC in a tag has its title', () => {
  expect(tests.filter(({ rfc }) => rules.titles[rfc] === undefined)).toEqual([])
})

test('all messages of RFC 4475 and RFC 5118 are among them', () => {
  const messages = (rfc: number): number =>
    tests.filter((one) => one.rfc === rfc && /^[\w-]+: /.test(one.rule) && one.file === 'test/sip/torture.test.ts')
      .length
  expect([messages(4475) >= 49, messages(5118) >= 11]).toEqual([true, true])
})

test('tags are found in names of tests, of suites above them and of rows of tables', () => {
  const found = (rule: string | RegExp): string[] =>
    tests.filter((one) => (typeof rule === 'string' ? one.rule === rule : rule.test(one.rule))).map((one) => one.section)
  expect(found('Max-Forwards 0 is enough for who has arrived')).toEqual(['8.1.1.6'])
  expect(found(/^a response: echoes all Via/)).toEqual(['8.2.6'])
  expect(found('a malformed parameter counts as an hour')).toEqual(['10.2.1.1'])
  expect(found(/^badinv01: /)).toEqual(['3.1.2.1'])
  expect(found(/however long the disk takes/)).toEqual(['8.2.6.1', '4.1'])
})
