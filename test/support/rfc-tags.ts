import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'

/** A rule of an RFC, and the test that shows it. */
export interface TaggedTest {
  rfc: number
  /** As in the tag: `10.3.7`, `timeout`; '' for the RFC as a whole. */
  section: string
  /** Name of the test without its tags. */
  rule: string
  /** Below the project's folder. */
  file: string
}

const TAG = /\[RFC(\d+)(?:-([\w.]+))?\]\s*/g
const STARTS_WITH_TAG = /^\[RFC\d+/
const PLACEHOLDER = /%[sjid]/
const PLACEHOLDERS = /%[sjid]|\$[\w.]+/g
const SUITES = ['describe', 'describeWithClients', 'describeAsRoot', 'describeOverDatabases']

function textOf(node: ts.Node | undefined): string | undefined {
  if (!node) return undefined
  if (ts.isStringLiteralLike(node)) return node.text
  if (!ts.isTemplateExpression(node)) return undefined
  return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')
}

/** Names of the rows of a table that is written out; undefined for one that is made. */
function rowsOf(table: ts.Node | undefined): (string | undefined)[] | undefined {
  if (!table || !ts.isArrayLiteralExpression(table)) return undefined
  return table.elements.map((row) => textOf(ts.isArrayLiteralExpression(row) ? row.elements[0] : row))
}

/** Walks through one test file. */
class TestFile {
  readonly found: TaggedTest[] = []
  readonly #titles = new Set<ts.Node>()

  constructor(private readonly file: string) {}

  read(source: ts.SourceFile): TaggedTest[] {
    this.#walk(source, [])
    this.#looseRows(source)
    return this.found
  }

  #walk(node: ts.Node, suites: readonly string[]): void {
    const call = ts.isCallExpression(node) ? node : undefined
    const title = textOf(call?.arguments[0])
    let inside = suites
    if (call && title !== undefined) {
      const each = ts.isCallExpression(call.expression) ? call.expression : undefined
      const name = (each ?? call).expression.getText().replace(/<[\s\S]*$/, '')
      const isSuite = SUITES.includes(name) || name === 'describe.each'
      if (isSuite) inside = [...suites, title]
      else if (name === 'test' || name === 'test.each') this.#test(suites, title, each?.arguments[0])
      if (isSuite || name.startsWith('test')) this.#titles.add(call.arguments[0] as ts.Node)
    }
    node.forEachChild((child) => this.#walk(child, inside))
  }

  #test(suites: readonly string[], title: string, table: ts.Node | undefined): void {
    const rows = rowsOf(table)
    const named = rows?.filter((row) => row !== undefined && STARTS_WITH_TAG.test(row)) ?? []
    if (table && ts.isArrayLiteralExpression(table)) {
      for (const row of table.elements)
        this.#titles.add(ts.isArrayLiteralExpression(row) ? (row.elements[0] ?? row) : row)
    }
    for (const row of named) this.#add([title.replace(PLACEHOLDER, () => row ?? '')])
    const cases = rows && rows.length > 1 ? ` (${rows.length} cases)` : ''
    const tagged = suites.filter((suite) => suite.search(TAG) >= 0)
    this.#add([...tagged, title.replace(PLACEHOLDERS, '…') + cases])
  }

  /** Names of cases in a table that stands elsewhere in the file. */
  #looseRows(node: ts.Node): void {
    const isName = ts.isStringLiteralLike(node) && !this.#titles.has(node)
    if (isName && STARTS_WITH_TAG.test(node.text)) this.#add([node.text])
    node.forEachChild((child) => this.#looseRows(child))
  }

  #add(names: readonly string[]): void {
    const whole = names.join(': ')
    const rule = whole.replace(TAG, '').trim()
    const tags = new Set([...whole.matchAll(TAG)].map(([tag]) => tag.trim()))
    for (const tag of tags) {
      const [, rfc, section = ''] = [...tag.matchAll(TAG)][0] ?? []
      this.found.push({ rfc: Number(rfc), section, rule, file: this.file })
    }
  }
}

function compareSections(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')]
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const [x = '', y = ''] = [left[i], right[i]]
    const difference = Number(x) - Number(y)
    if (difference) return difference
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

/** Every test below the folder whose name carries a tag of an RFC, by RFC, section and file. */
export function taggedTests(folder: string): TaggedTest[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'))
  const found = files.flatMap((name) => {
    const path = join(folder, name)
    const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
    return new TestFile(join('test', relative(folder, path))).read(source)
  })
  return found.sort(
    (a, b) =>
      a.rfc - b.rfc ||
      compareSections(a.section, b.section) ||
      (a.file < b.file ? -1 : a.file > b.file ? 1 : a.rule < b.rule ? -1 : 1),
  )
}
