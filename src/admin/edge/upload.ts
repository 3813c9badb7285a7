import type { Request, Response } from 'express'
import { AppError } from '../../domain/errors.js'

/** Largest file that is taken. */
const UPLOAD_BYTES = 20 * 1024 * 1024
/** Most files of a folder, and all that comes with them. */
const FILES_MAX = 20_000
const FOLDER_BYTES = 60 * 1024 * 1024
const FIELDS_MAX = 20

/** A file that came in a form. */
export interface Upload {
  readonly name: string
  readonly bytes: Uint8Array
}

export function isMultipart(request: Request): boolean {
  return request.is('multipart/form-data') !== false && request.is('multipart/form-data') !== null
}

/**
 * Reads a multipart form into memory: fields go into `request.body`, the file of field `file` is returned.
 * Throws BODY_TOO_LARGE, REQUEST_INVALID.
 */
export async function readUpload(request: Request, response: Response): Promise<Upload | undefined> {
  return (await readFiles(request, response, 1))[0]
}

/**
 * The same for all files of a folder, without the names of folders. They must say how large they are together.
 * Throws BODY_TYPE_REFUSED, BODY_TOO_LARGE, REQUEST_INVALID.
 */
export async function readFolder(request: Request, response: Response): Promise<Upload[]> {
  if (!isMultipart(request)) {
    throw new AppError('BODY_TYPE_REFUSED', 'Content-Type: multipart/form-data is wanted', { field: 'Content-Type' })
  }
  const length = Number(request.headers['content-length'] ?? Infinity)
  if (!(length <= FOLDER_BYTES)) {
    throw new AppError('BODY_TOO_LARGE', `the files are more than ${FOLDER_BYTES / 1024 / 1024} MB together`)
  }
  return await readFiles(request, response, FILES_MAX)
}

async function readFiles(request: Request, response: Response, most: number): Promise<Upload[]> {
  const { default: multer } = await import('multer')
  const limits = { fileSize: UPLOAD_BYTES, fieldSize: UPLOAD_BYTES, files: most, fields: FIELDS_MAX }
  const read = multer({ storage: multer.memoryStorage(), limits }).array('file', most)
  await new Promise<void>((resolve, reject) => {
    read(request, response, (error?: unknown) => {
      if (error === undefined || error === null) resolve()
      else reject(error instanceof multer.MulterError ? refusal(error.code) : malformed())
    })
  })
  const files = Array.isArray(request.files) ? request.files : []
  // Names come in UTF-8, which the form's standard reads as Latin-1.
  return files.map(({ originalname, buffer }) => ({
    name: Buffer.from(originalname, 'latin1').toString('utf8'),
    bytes: buffer,
  }))
}

function refusal(code: string): AppError {
  if (code === 'LIMIT_FILE_SIZE' || code === 'LIMIT_FIELD_VALUE') {
    return new AppError('BODY_TOO_LARGE', `the file is larger than ${UPLOAD_BYTES / 1024 / 1024} MB`)
  }
  return malformed()
}

function malformed(): AppError {
  return new AppError('REQUEST_INVALID', 'the form cannot be read: files are wanted in the field "file"', {
    field: 'file',
  })
}
