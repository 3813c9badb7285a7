import type { Request, Response } from 'express'
import { AppError } from '../../domain/errors.js'

/** Largest file that is taken. */
const UPLOAD_BYTES = 20 * 1024 * 1024
/** A form with one file: the file, and the short fields beside it. */
const FORM_BYTES = UPLOAD_BYTES + 1024 * 1024
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
 * Reads a multipart form into memory: fields go into `request.body`, the file of field `file` is returned. The form must
 * say how large it is. Throws BODY_TOO_LARGE, REQUEST_INVALID.
 */
export async function readUpload(request: Request, response: Response): Promise<Upload | undefined> {
  requireLength(request, FORM_BYTES, 'the form is')
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
  requireLength(request, FOLDER_BYTES, 'the files together are')
  return await readFiles(request, response, FILES_MAX)
}

/** Fields and files are limited one by one; what they are together is held in memory, too. */
function requireLength({ headers }: Request, most: number, what: string): void {
  if (Number(headers['content-length'] ?? Infinity) <= most) return
  throw new AppError('BODY_TOO_LARGE', `${what} more than ${most / 1024 / 1024} MB`, {
    hint: 'The length must be said beforehand (Content-Length)',
  })
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
  if (code === 'LIMIT_FILE_COUNT') return new AppError('BODY_TOO_LARGE', `these are more than ${FILES_MAX} files`)
  return malformed()
}

function malformed(): AppError {
  return new AppError('REQUEST_INVALID', 'the form cannot be read: files are wanted in the field "file"', {
    field: 'file',
  })
}
