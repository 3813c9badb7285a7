import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import knex, { type Knex } from 'knex'
import { SCHEMA_STEPS } from '../../db/migrations/index.js'
import { sqlitePool } from '../../src/database/edge/connect.js'
import { describeOverPostgres } from '../support/databases.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type Ran } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const STEPS = SCHEMA_STEPS.map(({ name }) => name).sort()
const POSTGRES_URL = process.env.PHONEBOOT_TEST_POSTGRES_URL
const KILLS = 5

let installation: TestInstallation
afterEach(() => installation.remove())

const appliedBy = ({ code, stdout, stderr }: Ran): string[] => {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return (JSON.parse(stdout) as { applied: string[] }).applied
}
const migrate = (options = {}): Promise<Ran> => installation.run(['migrate', '--json'], options)

/** Several processes at once: each step is run by one of them, and all end well. */
async function expectOnce(): Promise<void> {
  const runs = await Promise.all([migrate(), migrate(), migrate()])
  expect(runs.flatMap(appliedBy).sort()).toEqual(STEPS)
}

describe('processes that start at once over SQLite', () => {
  beforeEach(async () => {
    installation = await TestInstallation.create()
  })

  test('migrate once', () => expectOnce())

  test('one that is killed in the middle does not block the next', async () => {
    const began = performance.now()
    appliedBy(await migrate())
    const tookMs = performance.now() - began
    await installation.remove()
    for (let kill = 1; kill <= KILLS; kill += 1) {
      installation = await TestInstallation.create()
      const ran = await migrate({ withinMs: Math.round((tookMs * (kill + 1)) / (KILLS + 1)) })
      expect([null, 0]).toContain(ran.code)
      appliedBy(await migrate())
      for (const name of ['phoneboot', 'phoneboot-live']) {
        const pool = sqlitePool(`${installation.dataDir}/${name}.sqlite`, 'full')
        expect(await pool.raw('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
        await pool.destroy()
      }
      expect((await installation.run(['extension', 'list'])).code).toBe(0)
      if (kill < KILLS) await installation.remove()
    }
  })
})

describeOverPostgres('processes that start at once over PostgreSQL', () => {
  let admin: Knex
  let other: Knex
  let name: string

  beforeEach(async () => {
    admin = knex({ client: 'pg', connection: POSTGRES_URL ?? '', pool: { min: 0, max: 1 } })
    name = `phoneboot_migration_${process.pid}_${Date.now()}`
    await admin.raw('create database ??', [name])
    const url = new URL(POSTGRES_URL ?? '')
    url.pathname = `/${name}`
    other = knex({ client: 'pg', connection: url.toString(), pool: { min: 0, max: 2 } })
    installation = await TestInstallation.create({ PHONEBOOT_DATABASE_URL: url.toString() })
  })

  afterEach(async () => {
    await other.destroy()
    await admin.raw('drop database ?? with (force)', [name])
    await admin.destroy()
  })

  test('migrate once', () => expectOnce())

  test('one that is killed in the middle does not block the next', async () => {
    // A table that somebody else is making holds the migration up after its first steps.
    const trx = await other.transaction()
    await trx.raw('create table line_keys (id text)')
    const held = migrate({ withinMs: 8_000 })
    await eventually(async () => {
      const [waiting] = (await other('pg_locks').where({ granted: false }).count({ n: '*' })) as { n: string }[]
      expect(Number(waiting?.n)).toBeGreaterThan(0)
    }, 7_000)
    expect((await held).code).toBeNull()
    await trx.rollback()
    expect(appliedBy(await migrate()).sort()).toEqual(STEPS)
  })
})
