import { constants } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError, systemErrorCode } from '../domain/errors.js'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is a folder',
  EACCES: 'it is not permitted',
  EPERM: 'it is not permitted',
  EROFS: 'the disk takes no writes',
  ENOSPC: 'the disk is full',
}

/** Before something is made that is shown only once: throws USAGE when the file could not be written. Touches nothing. */
export async function requireWritable(path: string): Promise<void> {
  try {
    const found = await stat(path).catch(() => undefined)
    if (found?.isDirectory() === true) throw Object.assign(new Error(), { code: 'EISDIR' })
    await access(found ? path : dirname(path), constants.W_OK)
  } catch (error) {
    throw notWritten(path, error)
  }
}

/** A `secret` file is for its owner alone, also one that was there before and open to others. Throws USAGE. */
export async function writeOut(path: string, content: string | Buffer, secret: boolean): Promise<void> {
  try {
    const file = await open(path, 'w', secret ? 0o600 : 0o644)
    try {
      if (secret && (await file.stat()).isFile()) await file.chmod(0o600)
      await file.writeFile(content)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw notWritten(path, error)
  }
}

function notWritten(path: string, error: unknown): unknown {
  const reason = REASONS[systemErrorCode(error) ?? '']
  return reason === undefined ? error : new AppError('USAGE', `cannot write ${path}: ${reason}`, { field: path })
}
