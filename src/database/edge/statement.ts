import type { Knex } from 'knex'
import { isPostgres } from './write.js'

type SqlValue = string | number

/** What is used of the SQLite driver's connection. */
interface Connection {
  prepare(sql: string, done: (error: Error | null) => void): Statement
  close(done: (error: Error | null) => void): void
}

interface Statement {
  run(values: readonly SqlValue[], done: (error: Error | null) => void): void
  finalize(done: () => void): void
}

interface Pool {
  acquireConnection(): Promise<Connection>
  releaseConnection(connection: Connection): Promise<void>
}

/** Statements of a connection by their SQL. */
const prepared = new WeakMap<Connection, Map<string, Statement>>()

/**
 * A statement with values to bind (`?`) that runs again and again: parsed once for each connection, and without the
 * query builder, which costs more than the statement when that is short. Resolves when it is committed.
 */
export function repeated(db: Knex, sql: string): (values: readonly SqlValue[]) => Promise<void> {
  if (isPostgres(db)) return async (values) => void (await db.raw(sql, values))
  const pool = db.client as Pool
  return async (values) => {
    const connection = await pool.acquireConnection()
    try {
      const statement = await prepare(connection, sql)
      await done((settle) => statement.run(values, settle))
    } finally {
      await pool.releaseConnection(connection)
    }
  }
}

async function prepare(connection: Connection, sql: string): Promise<Statement> {
  const known = prepared.get(connection)?.get(sql)
  if (known) return known
  let statement: Statement | undefined
  await done((settle) => {
    statement = connection.prepare(sql, settle)
  })
  const statements = prepared.get(connection) ?? finalizedAtClose(connection)
  statements.set(sql, statement as unknown as Statement)
  return statement as unknown as Statement
}

/** SQLite does not close a connection that has statements. */
function finalizedAtClose(connection: Connection): Map<string, Statement> {
  const statements = new Map<string, Statement>()
  prepared.set(connection, statements)
  const close = connection.close.bind(connection)
  connection.close = (closed) => {
    const finalized = [...statements.values()].map((one) => new Promise<void>((resolve) => one.finalize(resolve)))
    statements.clear()
    void Promise.all(finalized).then(() => close(closed))
  }
  return statements
}

function done(work: (settle: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())))
}
