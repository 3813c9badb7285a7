import { link, lstat, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError, systemErrorCode } from '../../domain/errors.js'
import { newId, randomText, type Random } from '../../domain/random.js'
import { KEY_BYTES, createKeyRing, type KeyRing, type SealingKey } from '../seal.js'

/** Name of the key file inside the data folder. */
export const KEY_FILE_NAME = 'phoneboot.key'

const HEADER = '# phoneboot sealing keys: keep secret, keep a copy apart from the database. The first key seals.'

/** Where the key file is, and how to learn whether the database needs it. */
export interface KeyFileOptions {
  path: string
  random: Random
  /** Asked only when the file is missing: true when the database holds sealed values. */
  sealedRowsExist: () => Promise<boolean>
}

/**
 * Reads the key file, or makes one (mode 0600, written aside and linked into place, so that a second process never
 * sees half a file and the first one wins). An existing file is never overwritten.
 * Throws KEY_FILE_UNUSABLE when it is missing while sealed rows exist, unreadable, damaged, or open to group or world.
 */
export async function loadOrCreateKeyRing(options: KeyFileOptions): Promise<KeyRing> {
  const existing = await readKeyFile(options.path)
  if (existing) return existing
  if (await options.sealedRowsExist()) {
    throw new AppError('KEY_FILE_UNUSABLE', `${options.path} is missing, but the database holds secrets sealed by it`, {
      hint: 'Put the key file back from your backup; a new key could not open them',
    })
  }
  await createKeyFile(options)
  const made = await readKeyFile(options.path)
  if (!made) throw new AppError('KEY_FILE_UNUSABLE', `${options.path} vanished while it was made`)
  return made
}

/** Undefined when there is no such file. */
async function readKeyFile(path: string): Promise<KeyRing | undefined> {
  let text: string
  try {
    const info = await lstat(path)
    if (!info.isFile()) throw new AppError('KEY_FILE_UNUSABLE', `${path} is not a regular file`)
    if ((info.mode & 0o077) !== 0) {
      const mode = (info.mode & 0o777).toString(8).padStart(4, '0')
      throw new AppError('KEY_FILE_UNUSABLE', `${path} can be read by others (mode ${mode})`, {
        hint: `chmod 600 ${path}`,
      })
    }
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof AppError) throw error
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new AppError('KEY_FILE_UNUSABLE', `${path} cannot be read (${systemErrorCode(error) ?? 'unknown error'})`, {
      hint: 'The file must belong to the user that runs phoneboot',
    })
  }
  return parseKeyFile(text, path)
}

function parseKeyFile(text: string, path: string): KeyRing {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const keys = lines.map((line): SealingKey => {
    const [id = '', key = ''] = line.trim().split(/\s+/)
    return { id, key: Buffer.from(key, 'base64') }
  })
  try {
    return createKeyRing(keys)
  } catch {
    throw new AppError('KEY_FILE_UNUSABLE', `${path} is damaged`, { hint: 'Put it back from your backup' })
  }
}

async function createKeyFile({ path, random }: KeyFileOptions): Promise<void> {
  const aside = `${path}.${process.pid}-${newId(random, Date.now())}`
  const key = Buffer.from(random.bytes(KEY_BYTES)).toString('base64')
  try {
    const file = await open(aside, 'wx', 0o600)
    try {
      await file.chmod(0o600)
      await file.writeFile(`${HEADER}\n${randomText(random, 8)} ${key}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    // Unlike rename, link fails when another process was first.
    await link(aside, path).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'EEXIST') throw error
    })
    await unlink(aside)
    await syncFolder(dirname(path))
  } catch (error) {
    await unlink(aside).catch(() => undefined)
    throw new AppError(
      'KEY_FILE_UNUSABLE',
      `${path} cannot be written (${systemErrorCode(error) ?? 'unknown error'})`,
      {
        hint: 'The data folder must belong to the user that runs phoneboot',
      },
    )
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
