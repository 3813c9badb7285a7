import { CsvError, parse } from 'csv-parse'
import { AppError } from '../domain/errors.js'
import { detectDelimiter, withoutSeparatorLine, type Delimiter } from './decode.js'
import type { Pace } from './pace.js'

/** A row as a spreadsheet shows it: the first one of the file is row 1, an empty one counts. */
export interface TableRow {
  readonly row: number
  readonly cells: readonly string[]
  /** Made of a row with a range of numbers. */
  readonly isOneOfMany?: true
}

/** A row that begins so is a remark, as in our templates; `#1` is a number. */
const REMARK = '# '
/** Characters that are cut at one go: some forty rows, a few milliseconds with all that is done with them. */
const SLICE = 4 * 1024

/** A text that holds a table: what parts its cells, and its rows as they are asked for. */
export interface Table {
  readonly delimiter: Delimiter
  /**
   * Rows with anything in them, remarks left out. Quotes may hold delimiters and line breaks; a quote in the middle of a
   * cell is a quote. `progress` hears how many of the text's characters are cut. Throws CSV_INVALID for a quote that is
   * never closed, and what `pace` throws.
   */
  rows(pace: Pace, progress: (done: number, total: number) => void): AsyncGenerator<TableRow, void>
}

export function openTable(whole: string, wanted: Delimiter | undefined): Table {
  const { text, delimiter: told, lines } = withoutSeparatorLine(whole)
  const delimiter = wanted ?? told ?? detectDelimiter(text)
  return { delimiter, rows: (pace, progress) => cutRows(text, delimiter, lines, pace, progress) }
}

async function* cutRows(
  text: string,
  delimiter: Delimiter,
  linesBefore: number,
  pace: Pace,
  progress: (done: number, total: number) => void,
): AsyncGenerator<TableRow, void> {
  let row = linesBefore
  try {
    for await (const records of cut(text, delimiter, pace, progress)) {
      for (const cells of records) {
        row += 1
        const isRemark = cells[0]?.startsWith(REMARK) === true
        if (!isRemark && cells.some((cell) => cell.trim() !== '')) yield { row, cells }
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new AppError('CSV_INVALID', `row ${row + 1} or after it: a quote opens a cell and is never closed`, {
      hint: 'A quote that opens a cell must also close it; within a cell it is written twice',
    })
  }
}

/** The records of a text, slice by slice. */
async function* cut(
  text: string,
  delimiter: Delimiter,
  pace: Pace,
  progress: (done: number, total: number) => void,
): AsyncGenerator<string[][], void> {
  const parser = parse({ delimiter, relax_column_count: true, relax_quotes: true, skip_empty_lines: false })
  let records: string[][] = []
  const ended = new Promise<void>((resolve, reject) => {
    parser.on('data', (cells: string[]) => records.push(cells))
    parser.on('end', resolve)
    parser.on('error', reject)
  })
  // Waited for below, also when `pace` throws first.
  ended.catch(() => undefined)
  const taken = (): string[][] => {
    const some = records
    records = []
    return some
  }
  for (let at = 0; at < text.length && !parser.destroyed; at += SLICE) {
    parser.write(text.slice(at, at + SLICE))
    yield taken()
    progress(Math.min(at + SLICE, text.length), text.length)
    await pace()
  }
  if (!parser.destroyed) parser.end()
  await ended
  yield taken()
}
