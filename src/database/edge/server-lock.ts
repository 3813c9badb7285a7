import knex from 'knex'
import { AppError, systemErrorCode } from '../../domain/errors.js'
import { createPrivately, type Databases } from './connect.js'

/** Lets another server have the files. */
export type ReleaseServerLock = () => Promise<void>

/**
 * Makes this process the one server of these SQLite files. The system takes the lock back when the process ends,
 * however it ends, so nothing is left behind to clean up. Commands need no lock: they may run beside the server. On
 * PostgreSQL there is nothing to hold.
 * @throws AppError SERVER_RUNNING, DATABASE_UNUSABLE
 */
export async function holdServerLock({ files }: Pick<Databases, 'files'>): Promise<ReleaseServerLock> {
  if (!files) return () => Promise.resolve()
  const file = `${files.main}.server-lock`
  // Node has no file locks; SQLite has. Nothing is ever written: the file stays empty.
  const lock = knex({
    client: 'sqlite3',
    connection: { filename: file },
    useNullAsDefault: true,
    pool: { min: 1, max: 1 },
  })
  try {
    await createPrivately(file)
    await lock.raw('pragma busy_timeout = 0')
    await lock.raw('begin exclusive')
  } catch (error) {
    await lock.destroy()
    const code = systemErrorCode(error)
    if (code === 'SQLITE_BUSY') {
      throw new AppError('SERVER_RUNNING', `another phoneboot server is running on ${files.main}`, {
        hint: 'Stop it first, or give this one its own PHONEBOOT_DATA_DIR; commands work beside a running server',
      })
    }
    throw new AppError('DATABASE_UNUSABLE', `${file} cannot be locked (${code ?? 'unknown reason'})`, {
      hint: 'Check owner and rights of the file and its folder',
    })
  }
  return () => lock.destroy()
}
