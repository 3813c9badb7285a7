import { spawn } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { SCHEMA_STEPS } from '../../db/migrations/index.js'
import type { SchemaStep } from '../../db/migrations/migration.js'
import { migrateDatabases, needsMigration } from '../../src/database/edge/migrate.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { describeOverDatabases, freshPostgres, freshSqlite, type FreshDatabase } from '../support/databases.js'

const open: FreshDatabase[] = []
const unmigrated = async (like: FreshDatabase): Promise<FreshDatabase> => {
  const fresh = await (like.url ? freshPostgres : freshSqlite)({ migrated: false })
  open.push(fresh)
  return fresh
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((fresh) => fresh.remove()))
})

const nextStep = (up: SchemaStep['up'], database: SchemaStep['database'] = 'main'): SchemaStep[] => [
  ...SCHEMA_STEPS,
  { name: '9999_next', database, up },
]

describeOverDatabases('migrations', (base) => {
  test('a second run changes nothing', async () => {
    const { databases } = await unmigrated(base())
    expect(await needsMigration(databases)).toBe(true)
    const first = await migrateDatabases(databases, SILENT_LOG)
    // SQLite brings one file after the other up to date.
    expect([...first.applied].sort()).toEqual(SCHEMA_STEPS.map(({ name }) => name).sort())
    expect(await migrateDatabases(databases, SILENT_LOG)).toEqual({ applied: [], copies: [] })
    expect(await needsMigration(databases)).toBe(false)
    expect(await databases.main('sites').select('slug')).toEqual([{ slug: 'default' }])
  })

  test('two that start at once migrate once', async () => {
    const fresh = await unmigrated(base())
    const others = await Promise.all([fresh.reopen(), fresh.reopen(), fresh.reopen()])
    const reports = await Promise.all([fresh.databases, ...others].map((each) => migrateDatabases(each, SILENT_LOG)))
    expect(reports.flatMap(({ applied }) => applied).sort()).toEqual(SCHEMA_STEPS.map(({ name }) => name))
    expect(await fresh.databases.main('sites').count({ n: '*' })).toEqual([{ n: 1 }])
  })

  test('a failing step leaves the database as it was', async () => {
    const fresh = await unmigrated(base())
    await migrateDatabases(fresh.databases, SILENT_LOG)
    const broken = nextStep(async (db) => {
      await db.schema.createTable('half_done', (table) => table.text('id'))
      await db.raw('select * from no_such_table')
    })
    await expect(migrateDatabases(fresh.databases, SILENT_LOG, broken)).rejects.toThrow(/undone/)
    expect(await fresh.databases.main.schema.hasTable('half_done')).toBe(false)
    expect((await migrateDatabases(fresh.databases, SILENT_LOG)).applied).toEqual([])
  })

  test('an older program refuses a newer database and leaves it alone', async () => {
    const fresh = await unmigrated(base())
    const newer = nextStep((db) => db.schema.createTable('from_the_future', (table) => table.text('id')), 'live')
    await migrateDatabases(fresh.databases, SILENT_LOG, newer)
    await expect(migrateDatabases(fresh.databases, SILENT_LOG)).rejects.toMatchObject({
      code: 'DATABASE_TOO_NEW',
      message: expect.stringContaining('9999_next'),
    })
  })
})

describe('SQLite files', () => {
  const sqlite = async (): Promise<FreshDatabase> => {
    const fresh = await freshSqlite({ migrated: false })
    open.push(fresh)
    return fresh
  }

  test('a copy is made before an existing file is migrated, readable by its owner only', async () => {
    const fresh = await sqlite()
    expect((await migrateDatabases(fresh.databases, SILENT_LOG)).copies).toEqual([])
    await fresh.databases.main('sites').update({ name: 'Before' })
    const steps = nextStep(async (db) => void (await db('sites').update({ name: 'After' })))
    const { copies } = await migrateDatabases(fresh.databases, SILENT_LOG, steps)
    expect(copies).toHaveLength(1)
    expect((await stat(copies[0] ?? '')).mode & 0o777).toBe(0o600)
    expect((await readdir(fresh.dataDir)).filter((name) => name.endsWith('.part'))).toEqual([])
    const { openDatabases } = await import('../../src/database/edge/connect.js')
    const copy = await openDatabases({ url: `sqlite:${copies[0] ?? ''}`, dataDir: fresh.dataDir, log: SILENT_LOG })
    expect(await copy.main('sites').select('name')).toEqual([{ name: 'Before' }])
    await copy.close()
    expect(await fresh.databases.main('sites').select('name')).toEqual([{ name: 'After' }])
  })

  test('are made for their owner only, in WAL mode, with foreign keys on', async () => {
    const fresh = await sqlite()
    await migrateDatabases(fresh.databases, SILENT_LOG)
    for (const name of ['phoneboot.sqlite', 'phoneboot.sqlite-wal', 'phoneboot-live.sqlite']) {
      expect((await stat(join(fresh.dataDir, name))).mode & 0o777).toBe(0o600)
    }
    const pragma = async (name: string): Promise<unknown> =>
      Object.values(((await fresh.databases.main.raw(`pragma ${name}`)) as object[])[0] ?? {})[0]
    expect(await pragma('journal_mode')).toBe('wal')
    expect(await pragma('foreign_keys')).toBe(1)
    expect(await pragma('synchronous')).toBe(2)
  })

  test('a process killed in the middle of a migration leaves no lock behind', async () => {
    const fresh = await sqlite()
    await migrateDatabases(fresh.databases, SILENT_LOG)
    const script = `
      import sqlite3 from 'sqlite3'
      const db = new sqlite3.Database(process.argv[1])
      db.exec('begin immediate; create table half_done (id text)', () => console.log('locked'))
      setInterval(() => {}, 1000)`
    const file = join(fresh.dataDir, 'phoneboot.sqlite')
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], { stdio: ['ignore', 'pipe', 2] })
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    const migrating = migrateDatabases(
      fresh.databases,
      SILENT_LOG,
      nextStep(() => Promise.resolve()),
    )
    child.kill('SIGKILL')
    expect((await migrating).applied).toEqual(['9999_next'])
    expect(await fresh.databases.main.schema.hasTable('half_done')).toBe(false)
  })
})
