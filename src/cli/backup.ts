import { existsSync } from 'node:fs'
import { chmod, copyFile, cp, readdir, rename } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { prepareDataDir } from '../database/edge/connect.js'
import { copySqlite } from '../database/edge/copy.js'
import { holdServerLock } from '../database/edge/server-lock.js'
import { makeFolder } from '../domain/edge/make-folder.js'
import { AppError, systemErrorCode } from '../domain/errors.js'
import { becomeOwnerOf } from '../installation.js'
import { KEY_FILE_NAME } from '../secrets/edge/key-file.js'
import { configOf, withInstallation } from './context.js'
import type { Io, Report, Run } from './output.js'

/** Folder of CA and certificate in the data folder. */
const TLS_FOLDER = 'tls'

/** `backup <folder>`, `restore <folder>`: database, key file and certificates together. */
export function backupCommands(program: Command, io: Io, run: Run): void {
  program
    .command('backup <folder>')
    .description('copy database, key file and certificates to a new folder; the server may run')
    .action((folder: string) => run(() => backup(io, folder)))

  program
    .command('restore <folder>')
    .description('put a backup into the data folder; the server must be stopped')
    .option('--replace', 'move what is there aside first')
    .action((folder: string, { replace = false }: { replace?: boolean }) => run(() => restore(io, folder, replace)))
}

async function backup(io: Io, folder: string): Promise<Report> {
  const target = resolve(io.folder, folder)
  if (existsSync(target) && (await readdir(target)).length > 0) {
    throw new AppError('USAGE', `${folder}: is not empty`, {
      field: 'folder',
      hint: 'Name a new folder for each backup',
    })
  }
  return withInstallation(io, async ({ databases, config }) => {
    if (!databases.files) {
      throw new AppError('USAGE', 'the database is PostgreSQL: back it up with pg_dump', {
        hint: `and keep ${join(config.dataDir, KEY_FILE_NAME)} with it`,
      })
    }
    await makeTarget(target)
    const files: string[] = []
    for (const file of [databases.files.main, databases.files.live]) {
      await copySqlite(file, join(target, basename(file)))
      files.push(basename(file))
    }
    await copyFile(join(config.dataDir, KEY_FILE_NAME), join(target, KEY_FILE_NAME))
    files.push(KEY_FILE_NAME)
    const tls = join(config.dataDir, TLS_FOLDER)
    if (existsSync(tls)) {
      await cp(tls, join(target, TLS_FOLDER), { recursive: true })
      files.push(TLS_FOLDER)
    }
    return {
      json: { folder: target, files },
      lines: [
        `${files.join(', ')} are in ${target}.`,
        'The key file opens every password in it: keep the folder as safe as the passwords.',
      ],
    }
  })
}

async function makeTarget(folder: string): Promise<void> {
  try {
    await makeFolder(folder, 0o700)
    await chmod(folder, 0o700)
  } catch (error) {
    throw new AppError('USAGE', `${folder}: cannot be made (${systemErrorCode(error)})`, {
      field: 'folder',
      hint: 'Name a folder where you may make one',
    })
  }
}

async function restore(io: Io, folder: string, replace: boolean): Promise<Report> {
  const source = resolve(io.folder, folder)
  const { dataDir, databaseUrl } = configOf(io)
  if (databaseUrl !== undefined) {
    throw new AppError('USAGE', 'PHONEBOOT_DATABASE_URL is set: restore that database with its own tools')
  }
  for (const name of [KEY_FILE_NAME, 'phoneboot.sqlite']) {
    if (!existsSync(join(source, name))) {
      throw new AppError('FILE_NOT_FOUND', `${folder}: holds no ${name}`, {
        field: 'folder',
        hint: 'Name a folder that backup made',
      })
    }
  }
  const aside = await makeRoom(dataDir, replace)
  await prepareDataDir(dataDir)
  becomeOwnerOf(dataDir)
  await cp(source, dataDir, { recursive: true })
  await chmod(join(dataDir, KEY_FILE_NAME), 0o600)
  return {
    json: { dataDir, ...(aside === undefined ? {} : { aside }) },
    lines: [`${dataDir} holds the backup.`, ...(aside === undefined ? [] : [`What was there is in ${aside}.`])],
  }
}

/** Moves the old data folder aside when that was asked for. Returns where it is now. */
async function makeRoom(dataDir: string, replace: boolean): Promise<string | undefined> {
  if (!existsSync(dataDir) || (await readdir(dataDir)).length === 0) return undefined
  if (!replace) {
    throw new AppError('USAGE', `${dataDir} is not empty`, {
      field: 'PHONEBOOT_DATA_DIR',
      hint: 'Stop the server and use --replace: what is there is moved aside, not deleted',
    })
  }
  const main = join(dataDir, 'phoneboot.sqlite')
  // Throws SERVER_RUNNING; the lock itself is let go, because the files are about to be somewhere else.
  if (existsSync(main)) await (await holdServerLock({ files: { main, live: main } }))()
  const aside = `${dataDir}.before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`
  await rename(dataDir, aside)
  return aside
}
