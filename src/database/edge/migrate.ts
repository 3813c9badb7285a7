import type { Knex } from 'knex'
import { SCHEMA_STEPS } from '../../../db/migrations/index.js'
import type { SchemaStep } from '../../../db/migrations/migration.js'
import { AppError } from '../../domain/errors.js'
import type { Log } from '../../observe/log.js'
import type { Databases } from './connect.js'
import { copySqlite } from './copy.js'
import { WRITE_LOCK, isOutage, isPostgres } from './write.js'

const TABLE = 'schema_migrations'
/** "PhBt": marks SQLite files as ours. */
const APPLICATION_ID = 0x50684274

/** What `migrateDatabases` did. */
export interface MigrationReport {
  /** Names of the steps run now, in order; empty when the schema was up to date. */
  applied: string[]
  /** Copies made of SQLite files that held data before. */
  copies: string[]
}

/**
 * Brings the schema up to date; safe when several processes start at once (one migrates, the others wait), and an
 * interrupted migration leaves the database as it was. An existing SQLite file is copied aside first.
 * Throws DATABASE_TOO_NEW when the database holds steps this program does not know, DATABASE_UNUSABLE when it cannot
 * be written.
 * @param steps for tests; default: all of db/migrations
 */
export async function migrateDatabases(
  databases: Databases,
  log: Log,
  steps: readonly SchemaStep[] = SCHEMA_STEPS,
): Promise<MigrationReport> {
  const parts: readonly { db: Knex; file?: string; steps: readonly SchemaStep[] }[] = databases.files
    ? (['main', 'live'] as const).map((database) => ({
        db: databases[database],
        file: databases.files?.[database] ?? '',
        steps: steps.filter((step) => step.database === database),
      }))
    : [{ db: databases.main, steps }]
  // An older program must not touch either file, so both are looked at before one is changed.
  for (const part of parts) await refuseNewer(part.db, part.steps)
  const report: MigrationReport = { applied: [], copies: [] }
  for (const part of parts) {
    const done = await migrate(part.db, part.file, part.steps)
    report.applied.push(...done.applied)
    report.copies.push(...done.copies)
  }
  if (report.applied.length > 0) log.info({ ...report }, 'database schema brought up to date')
  return report
}

/** True when this program would have to migrate. */
export async function needsMigration(databases: Databases): Promise<boolean> {
  const applied = new Set(await appliedSteps(databases.main))
  for (const name of await appliedSteps(databases.live)) applied.add(name)
  return SCHEMA_STEPS.some(({ name }) => !applied.has(name))
}

async function migrate(db: Knex, file: string | undefined, steps: readonly SchemaStep[]): Promise<MigrationReport> {
  try {
    return await db.transaction(async (trx) => {
      // knex's own lock is a row that would survive a crash; these end with the transaction.
      if (isPostgres(trx)) await trx.raw('select pg_advisory_xact_lock(?)', [WRITE_LOCK])
      else await trx.raw(`pragma application_id = ${APPLICATION_ID}`)
      const before = await refuseNewer(trx, steps)
      const copies: string[] = []
      const missing = steps.filter(({ name }) => !before.includes(name))
      if (missing.length > 0 && before.length > 0 && file) copies.push(await copyAside(file, before.at(-1) ?? ''))
      const [, applied] = (await trx.migrate.latest({
        migrationSource: sourceOf(steps),
        tableName: TABLE,
        disableTransactions: true,
      })) as [number, string[]]
      return { applied, copies }
    })
  } catch (error) {
    if (error instanceof AppError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    if (!isOutage(error)) throw new Error(`migration failed and was undone: ${reason}`, { cause: error })
    throw new AppError('DATABASE_UNUSABLE', `the database cannot be brought up to date: ${reason}`)
  }
}

async function refuseNewer(db: Knex, steps: readonly SchemaStep[]): Promise<string[]> {
  const applied = await appliedSteps(db)
  const unknown = applied.filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0) {
    throw new AppError('DATABASE_TOO_NEW', `the database was written by a newer phoneboot (${unknown.join(', ')})`, {
      hint: 'Install that version again, or restore the copy made before the upgrade',
    })
  }
  return applied
}

async function appliedSteps(db: Knex): Promise<string[]> {
  if (!(await db.schema.hasTable(TABLE))) return []
  const rows: { name: string }[] = await db(TABLE).select('name').orderBy('id')
  return rows.map(({ name }) => name)
}

function sourceOf(steps: readonly SchemaStep[]): Knex.MigrationSource<SchemaStep> {
  return {
    getMigrations: () => Promise.resolve([...steps]),
    getMigrationName: ({ name }) => name,
    getMigration: (step) => Promise.resolve({ up: (db: Knex) => step.up(db), down: noWayBack }),
  }
}

/** The way back is the copy made before. */
function noWayBack(): Promise<void> {
  return Promise.reject(new Error('a schema step has no way back'))
}

/** A consistent copy beside the file, named after the last step it has. */
async function copyAside(file: string, lastStep: string): Promise<string> {
  const copy = `${file}.after-${lastStep}.${new Date().toISOString().replace(/[:.]/g, '-')}.bak`
  await copySqlite(file, copy)
  return copy
}
