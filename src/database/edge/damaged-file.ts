import { existsSync } from 'node:fs'
import { readdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Knex } from 'knex'
import type { Log } from '../../observe/log.js'
import { isDamage, sqlitePool } from './connect.js'

/** Above this size only bindings are checked at the start: reading a file of events takes its time. */
const WHOLE_CHECK_BYTES = 32 * 1024 * 1024

/**
 * Sets the live file aside when it is damaged, so that the server starts with a new one: what it holds (who is
 * registered from where, events) comes back by itself or is no loss that would keep phones from service. Call it while
 * holding the server's lock. Returns where the damaged file is now; undefined when all is well, or when something else
 * is wrong that opening the file will tell.
 */
export async function setAsideDamagedLive(file: string, log: Log): Promise<string | undefined> {
  const damage = existsSync(file) ? await damageOf(file, { quick: true }) : undefined
  if (damage === undefined) return undefined
  const aside = `${file}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`
  for (const part of ['-wal', '-shm', '']) {
    if (existsSync(file + part)) await rename(file + part, aside + part)
  }
  log.error(
    { file, aside, damage },
    'the file of registrations and events is damaged: it is set aside and a new one is made; phones register again',
  )
  return aside
}

/** Damaged live files that were set aside, newest last. */
export async function filesSetAside(file: string): Promise<string[]> {
  const names = await readdir(dirname(file))
  const isOne = (name: string): boolean => name.startsWith(`${basename(file)}.damaged-`) && !/-(wal|shm)$/.test(name)
  return names
    .filter(isOne)
    .sort()
    .map((name) => join(dirname(file), name))
}

/**
 * What SQLite says is wrong with a file; undefined when it finds nothing, or cannot look.
 * @param options.quick of a big file only the bindings
 */
export async function damageOf(file: string, { quick = false } = {}): Promise<string | undefined> {
  const pool = sqlitePool(file, 'normal')
  try {
    const onlyBindings =
      quick && (await stat(file)).size > WHOLE_CHECK_BYTES && (await pool.schema.hasTable('binding_journal'))
    return await firstProblem(pool, onlyBindings ? 'pragma quick_check(binding_journal)' : 'pragma quick_check(1)')
  } catch (error) {
    return isDamage(error) && error instanceof Error ? error.message : undefined
  } finally {
    await pool.destroy()
  }
}

async function firstProblem(pool: Knex, check: string): Promise<string | undefined> {
  const [row] = (await pool.raw(check)) as { quick_check: string }[]
  return row === undefined || row.quick_check === 'ok' ? undefined : row.quick_check
}
