import { describe, expect, test } from '@jest/globals'
import { guardCell, parseCsv } from '../../src/bulk/csv.js'
import { decodeText, detectDelimiter } from '../../src/bulk/decode.js'

describe('reading a CSV', () => {
  test('columns come in any order and any case, and may be left out', () => {
    const { rows, problems } = parseCsv('Name,EXTENSION,mac\nAnna Berg,101,0015.65AA.BBCC\n')
    expect(problems).toEqual([])
    expect(rows).toEqual([{ row: 2, extension: '101', mac: '001565aabbcc', name: 'Anna Berg' }])
  })

  test.each([',', ';', '\t', '|'])('the delimiter %j is found by itself', (delimiter) => {
    const text = [
      ['extension', 'name'],
      ['101', 'Berg, Anna; "A|B"'],
    ]
      .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter))
      .join('\r\n')
    expect(detectDelimiter(text)).toBe(delimiter)
    expect(parseCsv(text).rows[0]?.name).toBe('Berg, Anna; "A|B"')
  })

  test('a cell of many megabytes is a mistake of the file and not of ours', () => {
    const text = `extension;name\n101;"${'a,'.repeat(10_000_000)}"\n`
    expect(detectDelimiter(text)).toBe(';')
    expect(parseCsv(text).problems[0]).toMatchObject({ row: 2, column: 'name', code: 'NAME_INVALID' })
  })

  test('keys are kind:value:label, and a bare number is a BLF key', () => {
    const { rows } = parseCsv('extension,key2,key1,key10\n101,speed-dial:0301234:Taxi: day,102,dnd\n')
    expect(rows[0]?.keys).toEqual([
      { kind: 'blf', value: '102' },
      { kind: 'speed-dial', value: '0301234', label: 'Taxi: day' },
      { kind: 'dnd' },
    ])
  })

  test('every mistake is listed with row and column', () => {
    const text = 'extension,mac,email,key1\n1o1,,,\n102,"1,56E+11",nobody,fax:1\n103,zz,a@b.de,\n'
    expect(parseCsv(text).problems.map(({ row, column, code }) => [row, column, code])).toEqual([
      [2, 'extension', 'NUMBER_INVALID'],
      [3, 'mac', 'MAC_INVALID'],
      [3, 'email', 'EMAIL_INVALID'],
      [3, 'key1', 'KEY_INVALID'],
      [4, 'mac', 'MAC_INVALID'],
    ])
    expect(parseCsv(text).problems[1]?.message).toContain('spreadsheet')
  })

  test.each([
    ['an unknown column', 'extension,fax\n101,1\n', 'fax'],
    ['a column twice', 'extension,name,Name\n101,a,b\n', 'name'],
    ['no extension column', 'mac\n001565aabbcc\n', 'extension'],
    ['an empty file', '', undefined],
    ['a row with too many cells', 'extension,name\n101,a,b\n', undefined],
  ])('%s is refused', (_what, text, column) => {
    expect(parseCsv(text).problems).toHaveLength(1)
    expect(parseCsv(text).problems[0]?.column).toBe(column)
  })

  test('a quote that is never closed is refused with its row', () => {
    expect(() => parseCsv('extension,name\n101,"Anna\n')).toThrow(/row \d/)
  })

  test('a guarded formula comes back as it was', () => {
    for (const cell of ['=1+1', '+49 30 1', '-x', '@home', "'=x", "'5", 'plain', "O'Neil"]) {
      const { rows } = parseCsv(`extension,name\n101,"${guardCell(cell)}"\n`)
      expect(rows[0]?.name).toBe(cell)
      expect(guardCell(cell)).not.toMatch(/^[=+\-@]/)
    }
  })
})

describe('decoding', () => {
  const text = 'extension,name\r\n101,Müller\r\n'
  const utf16 = (bigEndian: boolean): Uint8Array => {
    const bytes = Buffer.from(`\ufeff${text}`, 'utf16le')
    return bigEndian ? bytes.swap16() : bytes
  }
  const cyrillic = Buffer.from('101,\xcf\xe5\xf2\xf0\xee\xe2', 'latin1')
  test.each([
    ['UTF-8', Buffer.from(text), text],
    ['UTF-8 with BOM', Buffer.from(`\ufeff${text}`), text],
    ['UTF-16 little endian', utf16(false), text],
    ['UTF-16 big endian', utf16(true), text],
    ['windows-1252', Buffer.from(text, 'latin1'), text],
    ['windows-1251', cyrillic, '101,Петров'],
  ])('%s', (_name, bytes, expected) => {
    expect(decodeText(bytes).text).toBe(expected)
  })
})
