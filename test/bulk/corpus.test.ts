import { describe, expect, test } from '@jest/globals'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import type { Existing } from '../../src/bulk/plan-parts.js'
import type { ImportOptions } from '../../src/bulk/import-options.js'
import type { Prepared } from '../../src/bulk/prepare.js'
import type { ValueQuestion } from '../../src/bulk/value-questions.js'
import { AppError } from '../../src/domain/errors.js'
import { afterPlan, importParts, NOTHING_THERE, prepared } from '../support/imports.js'

/** Files as people have them, each with the preview that is expected (README.md there). */
const FOLDER = fileURLToPath(new URL('./corpus', import.meta.url))
const parts = importParts()

interface Expected {
  about: string
  options?: ImportOptions
  /** A file of the corpus that was imported before. */
  there?: string
  /** Settings of the site. */
  site?: Record<string, unknown>
  preview: unknown
}

const EXPECTED = '.expected.yaml'
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith(EXPECTED))
  .map((name) => name.slice(0, -EXPECTED.length))

function fileOf(name: string): Uint8Array {
  const path = ['.csv', '.txt'].map((type) => join(FOLDER, name + type)).find((one) => existsSync(one))
  if (path === undefined) throw new Error(`the corpus has no file ${name}`)
  return readFileSync(path)
}

/** A preview as the expectation tells it: only what says something. */
function shown({ file, planned, summary, obstacles }: Prepared): object {
  const { kept, left, repairs, people, phones } = summary
  return {
    file: {
      encoding: file.encoding,
      delimiter: file.delimiter === '\t' ? 'tab' : file.delimiter,
      profile: file.profile ?? 'none',
      ...(file.hasHeader ? {} : { hasHeader: false }),
      columns: Object.fromEntries(file.columns.map(({ header, target }) => [header, target])),
    },
    rows: planned.reports.map(({ row, number, mac, name, outcome, changes, problems }) => ({
      [`${row} ${outcome}`]: [number, mac, name].filter((text) => text !== '').join(' '),
      ...(changes.length === 0
        ? {}
        : {
            changes: Object.fromEntries(
              changes.map(({ field, before, after }) => [field, [before ?? '-', after ?? '-']]),
            ),
          }),
      ...(problems.length === 0
        ? {}
        : { told: problems.map(({ message, severity }) => `${severity ?? 'error'}: ${message}`) }),
    })),
    people: Object.values(people),
    phones: Object.values(phones),
    ...(kept.length === 0 ? {} : { kept: kept.map(({ setting, rows }) => `${setting} ${rows}`) }),
    ...(left.length === 0 ? {} : { left: left.map(({ column }) => column) }),
    ...(repairs.length === 0 ? {} : { mended: repairs.map(({ repair, cells }) => `${repair} ${cells}`) }),
    ...(planned.questions.length === 0 ? {} : { asked: planned.questions.map(asked) }),
    ...(planned.secretaries.pairs.length + planned.secretaries.unclear.length === 0
      ? {}
      : { secretaries: planned.secretaries }),
    runs: obstacles.length === 0,
    ...(obstacles.some(({ row }) => row === undefined)
      ? { waits: obstacles.filter(({ row }) => row === undefined).map(({ message }) => message) }
      : {}),
  }
}

function asked({ column, value, rows, answer, by }: ValueQuestion): string {
  return `${column} ${value} (${rows}): ${answer === undefined ? 'not known' : `${answer}, ${by ?? ''}`}`
}

async function previewOf(name: string, { there, options = {}, site = {} }: Expected): Promise<object> {
  let existing: Existing = { ...NOTHING_THERE, siteLayers: [new Map(Object.entries(site))] }
  if (there !== undefined) existing = afterPlan((await prepared(fileOf(there), parts)).planned, existing)
  try {
    return shown(await prepared(fileOf(name), parts, existing, options))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { refused: error.code, message: error.message }
  }
}

describe('the corpus of broken and odd files', () => {
  test('has forty files and more', () => {
    expect(names.length).toBeGreaterThanOrEqual(40)
  })

  test.each(names)('%s', async (name) => {
    const path = join(FOLDER, name + EXPECTED)
    const expected = parse(readFileSync(path, 'utf8')) as Expected
    const preview = await previewOf(name, expected)
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, stringify({ ...expected, preview }, { lineWidth: 140 }))
    else expect(preview).toEqual(expected.preview)
  })
})
