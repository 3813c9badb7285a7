import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { PhoneFile } from '../../src/catalog/manifest.js'
import { AppError } from '../../src/domain/errors.js'
import { Sheet } from '../../src/provisioning/sheet.js'
import { READERS } from '../../src/readers/index.js'
import { loadPhones } from '../support/phone-catalog.js'

const { catalog } = loadPhones()

/** The file of a shipped family that holds passwords, with its real escape, form and reader. */
function deviceFile(family: string): PhoneFile {
  const files = catalog.models().filter((model) => model.family === family)
  const file = files.flatMap(({ model }) => catalog.files(model)).find(({ secrets }) => secrets)
  if (!file) throw new Error(`no file of ${family}`)
  return file
}

/** A file with one parameter of this value, as the vendor's phone would read it; undefined when it was refused. */
function throughPhone(
  file: PhoneFile,
  frame: (line: string) => string,
  attributes: Record<string, unknown>,
  value: string,
): string | undefined {
  const sheet = new Sheet({ file, words: {}, raw: new Map() })
  let line
  try {
    line = sheet.set('P1', value, attributes)
  } catch (error) {
    if (error instanceof AppError && error.code === 'TEMPLATE_VALUE_REFUSED') return undefined
    throw error
  }
  const reader = READERS[file.reader as keyof typeof READERS]
  const read = reader(Buffer.from(frame(line), 'utf8'))
  if (!read.ok) throw new Error(`the phone would stop at line ${read.line}: ${read.reason}`)
  expect(read.entries).toHaveLength(1)
  return read.entries[0]?.value
}

const VENDORS: [string, (line: string) => string, Record<string, unknown>][] = [
  ['yealink', (line) => `#!version:1.0.0.1\n${line}\n`, {}],
  [
    'snom',
    (line) =>
      `<?xml version="1.0" encoding="utf-8"?>\n<settings>\n<phone-settings>\n${line}\n</phone-settings>\n</settings>\n`,
    { perm: '' },
  ],
]

const nasty = fc.constantFrom(
  ...['\r', '\n', '\t', '\0', '\u0085', '\u2028', '\ufeff', '\ud800', '\uffff', '%NULL%', '%null%', ' ', '\u00a0'],
  ...['=', '#', ';', '&', '<', '>', '"', "'", ']]>', '<!--', '&#10;', '&amp;', '😀', 'Ж', '{value}', '$&', '$1', '\\'],
)
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.oneof(nasty, fc.string({ maxLength: 4 })), { maxLength: 6 }).map((parts) => parts.join('')),
)

describe.each(VENDORS)('a value in a file for %s', (family, frame, attributes) => {
  const file = deviceFile(family)

  test('is either refused or reads back exactly', () => {
    fc.assert(
      fc.property(text, (value) => {
        const back = throughPhone(file, frame, attributes, value)
        if (back !== undefined) expect(back).toBe(value)
      }),
      { numRuns: 2000 },
    )
  })

  test.each(['a\nb', 'a\rb', 'a\0b', 'a\u0085b', '\ud800'])('%j is refused', (value) => {
    expect(throughPhone(file, frame, attributes, value)).toBeUndefined()
  })

  test.each(['100 % & <"x"> = #1; it\'s', 'Пётр 😀', '{value}', '$&', '\\n', '#x', '=x', ''])(
    '%j reads back',
    (value) => {
      expect(throughPhone(file, frame, attributes, value)).toBe(value)
    },
  )

  test('a refusal names the parameter and never the value', () => {
    const sheet = new Sheet({ file, words: {}, raw: new Map() })
    expect(() => sheet.set('account.1.password', 'hunter2\n', attributes)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^account\.1\.password: (?!.*hunter2)/) }),
    )
  })
})

describe('key = value files', () => {
  const [, frame, attributes] = VENDORS[0] ?? ['', (line: string) => line, {}]
  test.each([' a', 'a ', 'a\t', '%NULL%', '%null%', 'a\u2028b', 'a\ufeffb'])(
    'refuse %j, which would not come back',
    (value) => {
      expect(throughPhone(deviceFile('yealink'), frame, attributes, value)).toBeUndefined()
    },
  )
})
