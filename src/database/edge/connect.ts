import { access, constants, open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import knex, { type Knex } from 'knex'
import type Pg from 'pg'
import type sqlite3 from 'sqlite3'
import { makeFolder } from '../../domain/edge/make-folder.js'
import { AppError, systemErrorCode } from '../../domain/errors.js'
import type { Log } from '../../observe/log.js'
import { BUSY_TIMEOUT_MS } from './write.js'

type Dialect = 'sqlite' | 'postgres'

/** Open connections. On PostgreSQL all three are the same pool. */
export interface Databases {
  /** People, devices, settings, audit, change feed. */
  readonly main: Knex
  /** Bindings (and the events' table): a file of its own, so that an import never holds up a REGISTER. */
  readonly live: Knex
  /** Same data as `live`, for provisioning events: commits without waiting for the disk. */
  readonly events: Knex
  readonly dialect: Dialect
  /** Paths of the SQLite files; none on PostgreSQL. */
  readonly files: { readonly main: string; readonly live: string } | undefined
  /** Does something long with a connection of its own to `main`: on SQLite all others wait for the one there is. */
  apart<T>(work: (main: Knex) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** `postgres://…`, `sqlite:<path>`; default: phoneboot.sqlite in `dataDir`. */
  url?: string | undefined
  dataDir: string
  log: Log
}

/** A phone waits for the answer to its REGISTER; a refusal in time is better than one that comes too late. */
const LIVE_BUSY_TIMEOUT_MS = 4_000
const BIGINT_OID = 20

/** knex would print to the console; whatever it warns of also comes as an error. */
const ignore = (): void => undefined
const QUIET = { warn: ignore, error: ignore, debug: ignore, deprecate: ignore }

/**
 * Makes the data folder (0700) when missing and opens the database; the only place that names the drivers.
 * Throws DATA_DIR_UNUSABLE, DATABASE_UNUSABLE or CONFIG_INVALID; no message holds the URL's password.
 */
export async function openDatabases(options: DatabaseOptions): Promise<Databases> {
  await prepareDataDir(options.dataDir)
  const files = sqliteFiles(options)
  return files ? openSqlite(files, options.log) : openPostgres(options.url?.trim() ?? '', options.log)
}

/** The two SQLite files that these settings name; undefined for PostgreSQL. Throws CONFIG_INVALID. */
export function sqliteFiles(options: Pick<DatabaseOptions, 'url' | 'dataDir'>): Databases['files'] {
  const url = options.url?.trim()
  if (!url) return withLive(join(options.dataDir, 'phoneboot.sqlite'))
  if (/^postgres(?:ql)?:\/\//i.test(url)) return undefined
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/i.exec(url)?.[1]
  if (path) return withLive(resolve(path))
  throw new AppError('CONFIG_INVALID', 'PHONEBOOT_DATABASE_URL is neither postgres://… nor sqlite:<path>', {
    field: 'PHONEBOOT_DATABASE_URL',
  })
}

function withLive(main: string): { main: string; live: string } {
  return { main, live: main.replace(/(\.[^./]+)?$/, '-live$1') }
}

/** Makes the data folder when it is missing. Throws DATA_DIR_UNUSABLE. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir, 0o700)
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new AppError('DATA_DIR_UNUSABLE', `data folder ${dataDir} cannot be used: ${reason(error)}`, {
      field: 'PHONEBOOT_DATA_DIR',
      hint: 'It must be writable by the user that runs phoneboot, or set PHONEBOOT_DATA_DIR',
    })
  }
}

async function openSqlite(files: NonNullable<Databases['files']>, log: Log): Promise<Databases> {
  const { main, live } = files
  const pools: Knex[] = []
  const close = async (): Promise<void> => {
    // One after the other: of two that leave a file at once neither is the last, which folds the -wal file into it.
    for (const pool of pools) await pool.destroy()
  }
  let opening = main
  try {
    for (const file of [main, live]) await createPrivately(file)
    for (const [file, synchronous] of [
      [main, 'full'],
      [live, 'full'],
      [live, 'normal'],
    ] as const) {
      opening = file
      const pool = sqlitePool(file, synchronous, file === main ? BUSY_TIMEOUT_MS : LIVE_BUSY_TIMEOUT_MS)
      pools.push(pool)
      await pool.raw('select count(*) from sqlite_master')
    }
  } catch (error) {
    await close()
    throw new AppError('DATABASE_UNUSABLE', `database ${opening} cannot be used: ${reason(error)}`, {
      hint: isDamage(error)
        ? WHAT_TO_DO[opening === main ? 'main' : 'live']
        : 'Check owner and rights of the file and its folder, and the free space',
    })
  }
  log.debug({ files }, 'database opened')
  const [mainPool, livePool, eventsPool] = pools as [Knex, Knex, Knex]
  const apart: Databases['apart'] = async (work) => {
    const pool = sqlitePool(main, 'full')
    try {
      return await work(pool)
    } finally {
      await pool.destroy()
    }
  }
  return { main: mainPool, live: livePool, events: eventsPool, dialect: 'sqlite', files, apart, close }
}

/** The files -wal and -shm take the mode of the database file. */
export async function createPrivately(file: string): Promise<void> {
  await makeFolder(dirname(file), 0o700)
  const handle = await open(file, 'a', 0o600)
  await handle.close()
}

/** A pool of one connection: SQLite has one writer anyway, and pragmas belong to the connection. */
export function sqlitePool(file: string, synchronous: 'full' | 'normal', busyMs = BUSY_TIMEOUT_MS): Knex {
  return knex({
    client: 'sqlite3',
    connection: { filename: file },
    useNullAsDefault: true,
    log: QUIET,
    pool: {
      min: 1,
      max: 1,
      afterCreate: (
        connection: sqlite3.Database,
        done: (error: Error | null, connection: sqlite3.Database) => void,
      ) => {
        connection.configure('busyTimeout', busyMs)
        const pragmas = `pragma journal_mode = wal; pragma synchronous = ${synchronous}; pragma foreign_keys = on;`
        connection.exec(pragmas, (error) => done(error, connection))
      },
    },
    acquireConnectionTimeout: 60_000,
  })
}

async function openPostgres(url: string, log: Log): Promise<Databases> {
  // Read here: most installations have no PostgreSQL.
  const { default: pg } = await import('pg')
  const pool = knex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: 'phoneboot',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      types: { getTypeParser: countsAsNumbers(pg) },
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: 10 },
    log: QUIET,
    acquireConnectionTimeout: 15_000,
  })
  try {
    await pool.raw('select 1')
  } catch (error) {
    await pool.destroy()
    throw new AppError('DATABASE_UNUSABLE', `PostgreSQL at ${withoutPassword(url)} cannot be used: ${reason(error)}`, {
      field: 'PHONEBOOT_DATABASE_URL',
    })
  }
  log.debug({ server: withoutPassword(url) }, 'database opened')
  const apart: Databases['apart'] = (work) => work(pool)
  const close = (): Promise<void> => pool.destroy()
  return { main: pool, live: pool, events: pool, dialect: 'postgres', files: undefined, apart, close }
}

/** Counts and times come as numbers: all of ours are below 2^53. */
function countsAsNumbers(pg: typeof Pg): typeof Pg.types.getTypeParser {
  return ((oid: number, format?: 'text') =>
    oid === BIGINT_OID ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser
}

/** Host, port and database of a URL: what may be shown. */
function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'the given URL'
  const { hostname, port, pathname } = new URL(url)
  return `${hostname || 'localhost'}${port ? `:${port}` : ''}${pathname}`
}

/** True when a SQLite file is not what SQLite wrote. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(NOTADB|CORRUPT)/.test(systemErrorCode(error) ?? '')
}

/** What helps when a SQLite file is damaged. */
export const WHAT_TO_DO = {
  main: 'Stop the server, then: phoneboot restore <folder of a backup> --replace (what is there is kept aside)',
  live: 'Start the server again: it sets the file aside and makes a new one; phones register again by themselves',
} as const

/** The driver's code in words; never its message, which may repeat the URL or a statement with values. */
function reason(error: unknown): string {
  const code = systemErrorCode(error) ?? ''
  return REASONS[code] ?? (code === '' ? 'unknown reason' : code)
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  ENOENT: 'no folder can be made there',
  ENOTDIR: 'a part of its path is not a folder',
  EEXIST: 'it is not a folder',
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'the host name is unknown',
  '28P01': 'wrong user or password',
  '28000': 'this user may not log in',
  '3D000': 'there is no such database',
  SQLITE_CANTOPEN: 'it cannot be opened (rights, or a missing folder)',
  SQLITE_READONLY: 'it is read-only',
  SQLITE_NOTADB: 'it is not a SQLite database',
  SQLITE_CORRUPT: 'it is damaged',
  SQLITE_BUSY: 'another program holds it locked',
}
