import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from '@jest/globals'
import knex from 'knex'
import { openDatabases, type Databases } from '../../src/database/edge/connect.js'
import { migrateDatabases } from '../../src/database/edge/migrate.js'
import { SILENT_LOG } from '../../src/observe/log.js'

/** A database nobody else uses. `reopen` opens it again, as a second process would. */
export interface FreshDatabase {
  readonly databases: Databases
  readonly dataDir: string
  readonly url: string | undefined
  reopen(): Promise<Databases>
  remove(): Promise<void>
}

const POSTGRES_URL = process.env.PHONEBOOT_TEST_POSTGRES_URL
const HOW_TO_START = 'export PHONEBOOT_TEST_POSTGRES_URL=$(test/support/postgres.sh start)'

/** A SQLite database in a temporary folder. */
export async function freshSqlite({ migrated = true } = {}): Promise<FreshDatabase> {
  return await open(undefined, migrated, () => Promise.resolve())
}

/** A database of its own in the PostgreSQL server of PHONEBOOT_TEST_POSTGRES_URL. */
export async function freshPostgres({ migrated = true } = {}): Promise<FreshDatabase> {
  const admin = knex({ client: 'pg', connection: POSTGRES_URL ?? '', pool: { min: 0, max: 1 } })
  const name = `phoneboot_test_${process.pid}_${counter++}_${Date.now()}`
  await admin.raw('create database ??', [name])
  const url = new URL(POSTGRES_URL ?? '')
  url.pathname = `/${name}`
  return await open(url.toString(), migrated, async () => {
    await admin.raw('drop database ?? with (force)', [name])
    await admin.destroy()
  })
}

let counter = 0

async function open(url: string | undefined, migrated: boolean, drop: () => Promise<void>): Promise<FreshDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'phoneboot-test-'))
  const reopened: Databases[] = []
  const reopen = async (): Promise<Databases> => {
    const databases = await openDatabases({ url, dataDir, log: SILENT_LOG })
    reopened.push(databases)
    return databases
  }
  const databases = await reopen()
  try {
    if (migrated) await migrateDatabases(databases, SILENT_LOG)
  } catch (error) {
    await databases.close()
    throw error
  }
  return {
    databases,
    dataDir,
    url,
    reopen,
    remove: async () => {
      await Promise.all(reopened.map((each) => each.close()))
      await drop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/**
 * Runs a contract suite over SQLite and over PostgreSQL, each on a fresh database. Without
 * PHONEBOOT_TEST_POSTGRES_URL the second half is an error under CI, and skipped loudly elsewhere.
 */
export function describeOverDatabases(title: string, suite: (fresh: () => FreshDatabase) => void): void {
  const run = (make: () => Promise<FreshDatabase>) => () => {
    let fresh: FreshDatabase | undefined
    beforeAll(async () => {
      fresh = await make()
    })
    afterAll(async () => {
      await fresh?.remove()
    })
    suite(() => {
      if (!fresh) throw new Error('no database: beforeAll failed')
      return fresh
    })
  }
  describe(`${title} over SQLite`, run(freshSqlite))
  describeOverPostgres(`${title} over PostgreSQL`, run(freshPostgres))
}

/** `describe` for what needs PostgreSQL: without PHONEBOOT_TEST_POSTGRES_URL an error under CI, skipped loudly elsewhere. */
export function describeOverPostgres(title: string, suite: () => void): void {
  if (POSTGRES_URL) {
    describe(title, suite)
    return
  }
  if (process.env.CI) throw new Error(`${title}: PHONEBOOT_TEST_POSTGRES_URL is missing on CI; ${HOW_TO_START}`)
  console.warn(`SKIPPED: "${title}". To run it: ${HOW_TO_START}`)
  describe.skip(title, suite)
}
