import type { Knex } from 'knex'
import type { Id } from '../../domain/entities.js'
import { isPostgres } from './write.js'

/** Rows per query: the event loop goes round between two pages, and the database reads one while we look at the one before. */
const PAGE_ROWS = 500

/**
 * Gives every row of a table to `use`, page by page, in no certain order. Call it inside a read transaction.
 * The database makes a page one JSON text: the drivers would make each value of each row one by one, which takes three
 * times as long.
 */
export async function eachRow<Row extends { id: Id }>(
  trx: Knex,
  table: string,
  columns: readonly (keyof Row & string)[],
  use: (row: Row) => void,
): Promise<void> {
  const asJson = isPostgres(trx)
    ? "select coalesce(json_agg(page), '[]') as rows from (select ?? from ?? where id > ? order by id limit ?) page"
    : `select json_group_array(json_object(${columns.map((name) => `'${name}', ${name}`).join(', ')})) as rows from (select ?? from ?? where id > ? order by id limit ?)`
  const pageAfter = async (id: Id): Promise<Row[]> => {
    const answer = firstRow(await trx.raw(asJson, [[...columns], table, id, PAGE_ROWS]))
    return (typeof answer === 'string' ? JSON.parse(answer) : answer) as Row[]
  }
  let next: Promise<Row[]> | undefined = pageAfter('')
  while (next) {
    const rows: Row[] = await next
    next = rows.length < PAGE_ROWS ? undefined : pageAfter(lastId(rows))
    // When `use` throws nobody waits for the next page any more.
    next?.catch(() => undefined)
    for (const row of rows) use(row)
  }
}

function lastId(rows: readonly { id: Id }[]): Id {
  return rows.reduce((last, { id }) => (id > last ? id : last), '')
}

/** The `rows` of the one row that either driver gives. */
function firstRow(answer: unknown): unknown {
  const [row] = (Array.isArray(answer) ? answer : (answer as { rows: unknown[] }).rows) as { rows: unknown }[]
  return row?.rows
}
