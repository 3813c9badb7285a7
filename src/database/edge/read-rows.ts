import type { Knex } from 'knex'
import { AT_ONCE, inTurns, type Turns } from '../../domain/turns.js'
import { isPostgres } from './write.js'

/** Rows per query: the event loop goes round between two pages, and the database reads one while we look at the one before. */
const PAGE_ROWS = 500
/** The same while others wait for their turn: read out of its text in a millisecond. */
const SMALL_PAGE_ROWS = 200

/** A table to be read as a whole. */
export interface WholeTable<Row> {
  readonly table: string
  readonly columns: readonly (keyof Row & string)[]
  /** Texts that together name one row, which none of is empty; rows come in their order. Left out: `id`. */
  readonly by?: readonly (keyof Row & string)[]
}

/**
 * Gives every row of a table to `use`, page by page. Call it inside a read transaction.
 * The database makes a page one JSON text: the drivers would make each value of each row one by one, which takes three
 * times as long.
 * @param turns where others are to have theirs meanwhile
 */
export async function eachRow<Row extends object>(
  trx: Knex,
  { table, columns, by = ['id' as keyof Row & string] }: WholeTable<Row>,
  use: (row: Row) => void,
  turns: Turns = AT_ONCE,
): Promise<void> {
  const size = turns === AT_ONCE ? PAGE_ROWS : SMALL_PAGE_ROWS
  const sql = pageSql(isPostgres(trx), columns, by.length)
  const pageAfter = async (last: readonly string[]): Promise<Row[]> => {
    const answer = firstRow(await trx.raw(sql, [[...by], [...columns], table, [...by], ...last, [...by], size]))
    return (typeof answer === 'string' ? JSON.parse(answer) : answer) as Row[]
  }
  let next: Promise<Row[]> | undefined = pageAfter(by.map(() => ''))
  while (next) {
    const rows: Row[] = await next
    const last = rows.at(-1)
    next = last === undefined || rows.length < size ? undefined : pageAfter(by.map((column) => String(last[column])))
    // When `use` throws nobody waits for the next page any more.
    next?.catch(() => undefined)
    await inTurns(rows, turns, use)
  }
}

/** Bindings: `by`, columns, table, `by`, what the page before ended with, `by`, rows. */
function pageSql(postgres: boolean, columns: readonly string[], width: number): string {
  const after = Array.from({ length: width }, () => '?').join(', ')
  const page = `(select ?? from ?? where (??) > (${after}) order by ?? limit ?) page`
  if (postgres) return `select coalesce(json_agg(page order by ??), '[]') as rows from ${page}`
  const object = columns.map((name) => `'${name}', ${name}`).join(', ')
  return `select json_group_array(json_object(${object}) order by ??) as rows from ${page}`
}

/** The `rows` of the one row that either driver gives. */
function firstRow(answer: unknown): unknown {
  const [row] = (Array.isArray(answer) ? answer : (answer as { rows: unknown[] }).rows) as { rows: unknown[] }[]
  return row?.rows
}
