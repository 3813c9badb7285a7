import { CsvError, parse } from 'csv-parse'
import { AppError } from '../domain/errors.js'
import { detectDelimiter, withoutSeparatorLine, type Delimiter } from './decode.js'
import type { Pace } from './pace.js'

/** A row as a spreadsheet shows it: the first one of the file is row 1, an empty one counts. */
export interface TableRow {
  readonly row: number
  readonly cells: readonly string[]
}

/** A file cut into cells; empty rows and rows of remarks are left out. */
export interface Table {
  readonly delimiter: Delimiter
  readonly rows: readonly TableRow[]
}

const SLICE = 32 * 1024
/** A row that begins so is a remark, as in our templates; `#1` is a number. */
const REMARK = '# '

/**
 * Cuts text into rows and cells. Quotes may hold delimiters and line breaks; a quote in the middle of a cell is a
 * quote. Throws CSV_INVALID for a quote that is never closed, and what `pace` throws.
 */
export async function readTable(whole: string, wanted: Delimiter | undefined, pace: Pace): Promise<Table> {
  const { text, delimiter: told, lines } = withoutSeparatorLine(whole)
  const delimiter = wanted ?? told ?? detectDelimiter(text)
  const rows: TableRow[] = []
  let row = lines
  const take = (cells: readonly string[]): void => {
    row += 1
    const first = cells[0] ?? ''
    if (first.startsWith(REMARK) || cells.every((cell) => cell.trim() === '')) return
    rows.push({ row, cells })
  }
  try {
    await cut(text, delimiter, take, pace)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new AppError('CSV_INVALID', `row ${row + 1} or after it: a quote opens a cell and is never closed`, {
      hint: 'A quote that opens a cell must also close it; within a cell it is written twice',
    })
  }
  return { delimiter, rows }
}

async function cut(
  text: string,
  delimiter: Delimiter,
  take: (cells: readonly string[]) => void,
  pace: Pace,
): Promise<void> {
  const parser = parse({ delimiter, relax_column_count: true, relax_quotes: true, skip_empty_lines: false })
  const ended = new Promise<void>((resolve, reject) => {
    parser.on('data', take)
    parser.on('end', resolve)
    parser.on('error', reject)
  })
  // Waited for below, also when `pace` throws first.
  ended.catch(() => undefined)
  for (let at = 0; at < text.length && !parser.destroyed; at += SLICE) {
    parser.write(text.slice(at, at + SLICE))
    await pace()
  }
  if (!parser.destroyed) parser.end()
  await ended
}
