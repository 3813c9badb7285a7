import { userInfo } from 'node:os'
import { readConfig, type Config } from '../config.js'
import { becomeOwnerOf, openInstallation, type Installation } from '../installation.js'
import { createLogger } from '../observe/edge/logger.js'
import type { Log } from '../observe/log.js'
import { loadSnapshot } from '../snapshot/edge/load-snapshot.js'
import { MemorySnapshot } from '../snapshot/memory-snapshot.js'
import type { ListedSnapshot } from '../snapshot/snapshot.js'
import type { Io } from './output.js'

export function configOf(io: Io): Config {
  return readConfig(io.env, io.folder)
}

/** A log of warnings: a command answers on standard output and stays quiet otherwise. */
function commandLog(config: Config): Log {
  return createLogger({ level: config.logLevel === 'debug' ? 'debug' : 'warn' })
}

/** Opens the installation for one command and closes it after. */
export async function withInstallation<T>(io: Io, work: (installation: Installation) => Promise<T>): Promise<T> {
  const config = configOf(io)
  becomeOwnerOf(config.dataDir)
  const installation = await openInstallation(config, commandLog(config))
  try {
    return await work(installation)
  } finally {
    await installation.close()
  }
}

/** Who is at work, for the audit log: `cli:anna`. */
export function actor(): string {
  try {
    return `cli:${process.env.SUDO_USER ?? userInfo().username}`
  } catch {
    // A user id without a name, as in many containers.
    return `cli:${process.getuid?.() ?? 'unknown'}`
  }
}

/** The whole domain as the server sees it, read once. */
export async function readSnapshot({ databases }: Installation): Promise<ListedSnapshot> {
  return new MemorySnapshot((await loadSnapshot(databases.main)).content)
}
