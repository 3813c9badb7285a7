import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { shippedTemplates } from '../src/catalog/edge/load-folder.js'
import { CONFIG_KEYS } from '../src/config.js'
import { OUTCOMES } from '../src/domain/entities.js'
import { RESYNC_OUTCOMES } from '../src/resync/resync.js'
import { loadPhones } from './support/phone-catalog.js'

const ROOT = join(shippedTemplates(), '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Points per source; the ids are M1 … M86, Y1 … */
const CAPABILITIES = { M: 86, Y: 29, H: 46, X: 55, P: 87 }
const IDS = Object.entries(CAPABILITIES).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
)

/** Cells of the table rows whose first cell matches. */
function rows(text: string, first: RegExp): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
    .filter(([cell = '']) => first.test(cell))
}

/** Test files named in a text. */
const testsIn = (text: string): string[] => [...text.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path)

/** Every page written for people: of the root, docs/, src/, firmware/, device-templates/. */
function pages(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name))
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'))
  return [...top, ...['docs', 'src', 'firmware', 'device-templates'].flatMap(below)]
}

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

function anchors(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))
}

function brokenLinks(page: string): string[] {
  const text = read(page)
    .replace(/^```[^]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '')
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets
    .filter((target) => !/^[a-z]+:/i.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path)
      if (relative(ROOT, file).startsWith('..') || !existsSync(file)) return true
      return anchor !== undefined && !anchors(file).includes(anchor)
    })
    .map((target) => `${page}: ${target}`)
}

describe('docs/capabilities.md', () => {
  const found = rows(read('docs/capabilities.md'), /^[MYHXP]\d+$/)

  test('has every point once, in order', () => {
    expect(found.map(([id]) => id)).toEqual(IDS)
  })

  test('says done, partly or planned, and counts them right', () => {
    const states = found.map(([, , state = '']) => state)
    expect(states.filter((state) => !['done', 'partly', 'planned'].includes(state))).toEqual([])
    const count = (wanted: string): number => states.filter((state) => state === wanted).length
    expect(read('docs/capabilities.md')).toContain(
      `${count('done')} are done, ${count('partly')} partly, ${count('planned')} planned`,
    )
  })

  test('names a test for whatever is done, and what is missing for whatever is done partly', () => {
    const without = found.filter(
      ([, , state, words = '']) =>
        (state === 'done' && testsIn(words).length === 0) || (state === 'partly' && words === ''),
    )
    expect(without).toEqual([])
  })

  test('names tests that exist', () => {
    const named = found.flatMap(([, , , words = '']) => testsIn(words))
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })
})

describe('docs/operations.md', () => {
  const page = read('docs/operations.md')

  test('tells every setting of the server once, in the order of the program', () => {
    const names = rows(page, /^`PHONEBOOT_\w+`$/).map(([name = '']) => name.replaceAll('`', ''))
    expect(names).toEqual(CONFIG_KEYS)
  })

  test('tells every outcome of an event and of a resync', () => {
    const told = rows(page, /^`[a-z-]+`$/).map(([name = '']) => name.replaceAll('`', ''))
    expect([...told].sort()).toEqual([...OUTCOMES, ...RESYNC_OUTCOMES].sort())
  })
})

describe('README.md', () => {
  const page = read('README.md')

  test('lists every phone model as the catalogue has it', () => {
    const told = rows(page, /^(Grandstream|Snom|Yealink) /).map((cells) => cells.slice(0, 4))
    const models = loadPhones().catalog.models()
    expect(told).toEqual(
      models.map(({ model, name, lines, keys }) => [
        name,
        `\`${model}\``,
        String(lines),
        Object.entries(keys)
          .map(([bank, { count }]) => `${bank} ${count}`)
          .join(', '),
      ]),
    )
    expect(page).toContain(`${models.length} models`)
  })

  test('uses npm commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const used = [...page.matchAll(/npm (?:run (?:-s )?)?([a-z]+)/g)].map(([, name = '']) => name)
    expect(used).toEqual(expect.arrayContaining(['ci', 'demo', 'start', 'phoneboot', 'test']))
    expect(used.filter((name) => name !== 'ci' && !(name in scripts))).toEqual([])
  })
})

describe('every page', () => {
  test('has links that lead somewhere', () => {
    expect(pages().flatMap(brokenLinks)).toEqual([])
  })
})
