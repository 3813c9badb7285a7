import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { csvText } from '../../src/bulk/csv-text.js'
import { cleanCell, guardCell, lostNumber, readMac } from '../../src/bulk/damage.js'
import { decodeText, detectDelimiter, type Delimiter } from '../../src/bulk/decode.js'
import { keyCell, readKeyCell } from '../../src/bulk/key-cell.js'
import { NO_PAUSE } from '../../src/bulk/pace.js'
import { openTable, type TableRow } from '../../src/bulk/table.js'
import { KEY_KINDS } from '../../src/domain/entities.js'

async function read(text: string, wanted?: Delimiter): Promise<{ delimiter: Delimiter; rows: TableRow[] }> {
  const table = openTable(text, wanted)
  const rows: TableRow[] = []
  for await (const row of table.rows(NO_PAUSE, () => undefined)) rows.push(row)
  return { delimiter: table.delimiter, rows }
}
const cellsOf = async (text: string): Promise<(readonly string[])[]> =>
  (await read(text)).rows.map(({ cells }) => cells)

describe('cutting a file into cells', () => {
  test.each([',', ';', '\t', '|'])('the delimiter %j is found by itself', async (delimiter) => {
    const text = [
      ['extension', 'name'],
      ['101', 'Berg, Anna; "A|B"\tC'],
    ]
      .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter))
      .join('\r\n')
    expect(detectDelimiter(text)).toBe(delimiter)
    expect((await cellsOf(text))[1]).toEqual(['101', 'Berg, Anna; "A|B"\tC'])
  })

  test("Excel's line sep= says the delimiter and is no row", async () => {
    const { delimiter, rows } = await read('sep=;\r\nnumber;name\r\n101;A,B\r\n')
    expect(delimiter).toBe(';')
    expect(rows.map(({ row }) => row)).toEqual([2, 3])
  })

  test('rows are counted as a spreadsheet shows them: empty ones count, line breaks in cells do not', async () => {
    const { rows } = await read('number,name\n\n101,"Anna\nBerg"\n# a remark\n102,Bob\n')
    expect(rows.map(({ row, cells }) => [row, cells[0]])).toEqual([
      [1, 'number'],
      [3, '101'],
      [5, '102'],
    ])
  })

  test('a quote that is never closed is refused with its row', async () => {
    await expect(cellsOf('extension,name\n101,"Anna\n')).rejects.toThrow(/row 2 or after/)
  })

  test('a quote in the middle of a cell is a quote', async () => {
    expect((await cellsOf('number,name\n101,Anna "the boss" Berg\n'))[1]).toEqual(['101', 'Anna "the boss" Berg'])
  })

  test('a cell of many megabytes does not confuse the delimiter', async () => {
    const text = `extension;name\n101;"${'a,'.repeat(1_000_000)}"\n`
    expect(detectDelimiter(text)).toBe(';')
    expect((await cellsOf(text))[1]?.[1]).toHaveLength(2_000_000)
  })

  test('what csvText writes is read back as it was', async () => {
    const cell = fc.string({ unit: fc.constantFrom(...'aZ9 ö,;"|\t\n\'=+-@#Ж😀') })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }), async (rows) => {
        const text = csvText([['number', 'name'], ...rows.map((row) => ['101', ...row])])
        const back = (await read(text, ',')).rows.slice(1).map(({ cells }) => cells.slice(1))
        expect(back).toEqual(rows.map((row) => row.map(guardCell)))
      }),
      { numRuns: 200 },
    )
  })
})

describe('cells as a spreadsheet left them', () => {
  const cleaned = (cell: string): [text: string, ...repairs: string[]] => {
    const repairs: string[] = []
    return [cleanCell(cell, (repair) => repairs.push(repair)), ...repairs]
  }
  test.each([
    ['plain', ['plain']],
    ['  blanks  ', ['blanks', 'blanks']],
    ['no\u00a0break', ['no break', 'no-break-spaces']],
    ['\u200b101\ufeff', ['101', 'no-break-spaces']],
    ["'0101", ['0101', 'apostrophe']],
    ["'=1+1", ['=1+1']],
    ['="00123"', ['00123', 'text-formula']],
    ['=1+1', ['=1+1']],
    ["O'Neil", ["O'Neil"]],
    ["'tis", ["'tis"]],
  ])('%j', (cell, expected) => {
    expect(cleaned(cell)).toEqual(expected)
  })

  test('a guarded formula comes back as it was, and no spreadsheet takes it for one', () => {
    for (const cell of ['=1+1', '+49 30 1', '-x', '@home', "'=x", "'5", '="x"', 'plain', "O'Neil", "''+"]) {
      expect(cleanCell(guardCell(cell), () => undefined)).toBe(cell)
      expect(guardCell(cell)).not.toMatch(/^[=+\-@]/)
    }
  })

  test.each([
    '1.56E+11',
    '1,56E+11',
    '4,91712E+12',
    '01.02.2024',
    '2024-01-02',
    'Jan 24',
    '3. Mrz',
    '1-Feb',
    '12/03/2024',
  ])('%s is nothing that anybody typed', (text) => {
    expect(lostNumber(text)).toMatch(/spreadsheet/)
  })
  test.each(['101', '0301234', '*72', '12#', '+49 30 1234', '1001'])('%s is what it is', (text) => {
    expect(lostNumber(text)).toBeUndefined()
  })

  test('a MAC address without its leading zeros is mended where only one phone can be meant', () => {
    expect(readMac('1565123456')).toEqual({ mac: '001565123456', repaired: true })
    expect(readMac('413234567')).toEqual({ mac: '000413234567', repaired: true })
    expect(readMac('81234567890')).toEqual({ problem: expect.stringContaining('081234567890') as unknown })
    expect(readMac('1.56E+11')).toEqual({ problem: expect.stringContaining('label of the phone') as unknown })
    expect(readMac('00-15-65-AA-BB-CC')).toEqual({ mac: '001565aabbcc' })
  })
})

describe('cells of keys', () => {
  test.each([
    ['102', { kind: 'blf', value: '102' }],
    ['blf:102:Bob', { kind: 'blf', value: '102', label: 'Bob' }],
    ['speed-dial:0301234:Taxi: day', { kind: 'speed-dial', value: '0301234', label: 'Taxi: day' }],
    ['dnd', { kind: 'dnd' }],
    ['url:http://door.example/open?x=1', { kind: 'url', value: 'http://door.example/open?x=1' }],
    ['url:http\\://door.example:Door', { kind: 'url', value: 'http://door.example', label: 'Door' }],
  ])('%s', (text, key) => {
    expect(readKeyCell(text)).toEqual(key)
  })

  test('what is no kind of key says which there are', () => {
    expect(readKeyCell('fax:1')).toContain('blf')
  })

  test('every key comes back as it was', () => {
    const text = fc.string({ unit: fc.constantFrom(...'aZ9:\\/ ö') }).map((one) => one.trim())
    const key = fc.record({ kind: fc.constantFrom(...KEY_KINDS), value: text, label: text }, { requiredKeys: ['kind'] })
    fc.assert(
      fc.property(key, (one) => {
        const wanted = Object.fromEntries(Object.entries(one).filter(([, part]) => part !== ''))
        expect(readKeyCell(keyCell(wanted as typeof one))).toEqual(wanted)
      }),
    )
  })
})

describe('decoding', () => {
  const text = 'extension,name\r\n101,Müller\r\n'
  const utf16 = (bigEndian: boolean, mark = '\ufeff'): Uint8Array => {
    const bytes = Buffer.from(`${mark}${text}`, 'utf16le')
    return bigEndian ? bytes.swap16() : bytes
  }
  const cyrillic = Buffer.from('101,\xcf\xe5\xf2\xf0\xee\xe2', 'latin1')
  test.each([
    ['UTF-8', Buffer.from(text), text],
    ['UTF-8 with BOM', Buffer.from(`\ufeff${text}`), text],
    ['UTF-16 little endian', utf16(false), text],
    ['UTF-16 big endian', utf16(true), text],
    ['UTF-16 little endian without mark', utf16(false, ''), text],
    ['UTF-16 big endian without mark', utf16(true, ''), text],
    ['windows-1252', Buffer.from(text, 'latin1'), text],
    ['windows-1251', cyrillic, '101,Петров'],
  ])('%s', (_name, bytes, expected) => {
    expect(decodeText(bytes).text).toBe(expected)
  })

  test('what is told counts more than what is found', () => {
    expect(decodeText(Buffer.from('M\xfcller', 'latin1'), 'windows-1251').text).toBe('Mьller')
  })
})
