import { expect, test } from '@jest/globals'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const GUIDE = readFileSync('docs/architecture.md', 'utf8')
/** What the table of folders names, from the left to the right. */
const NAMED = GUIDE.split('\n')
  .flatMap((line) => /^\| (`(?:src|db|test|device-templates)[^|]*)\|/.exec(line)?.[1] ?? [])
  .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, path]) => path ?? ''))

interface Rules {
  forbidden: { name: string }[]
}

test('the table of folders names every folder and file of src, and nothing that is gone', () => {
  const there = readdirSync('src').map((name) => `src/${name}`)
  // What src/phoneboot.ts runs; it stands in the row of that.
  expect(there.filter((path) => path !== 'src/main.ts' && !NAMED.includes(path))).toEqual([])
  expect(NAMED.filter((path) => !existsSync(path))).toEqual([])
})

test('the table of folders has them in the order that the folder rules check', () => {
  const rules = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as Rules
  const checked = rules.forbidden.flatMap(({ name }) => /^leftwards-(.+)$/.exec(name)?.[1] ?? [])
  expect(NAMED.map((path) => path.replace('src/', '')).filter((name) => checked.includes(name))).toEqual(checked)
})
