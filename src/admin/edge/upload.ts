import type { Request, Response } from 'express'
import { AppError } from '../../domain/errors.js'

/** Largest file that is taken. */
const UPLOAD_BYTES = 20 * 1024 * 1024
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
  const { default: multer } = await import('multer')
  const limits = { fileSize: UPLOAD_BYTES, fieldSize: UPLOAD_BYTES, files: 1, fields: FIELDS_MAX }
  const read = multer({ storage: multer.memoryStorage(), limits }).single('file')
  await new Promise<void>((resolve, reject) => {
    read(request, response, (error?: unknown) => {
      if (error === undefined || error === null) resolve()
      else reject(error instanceof multer.MulterError ? refusal(error.code) : malformed())
    })
  })
  const { file } = request
  // Names come in UTF-8, which the form's standard reads as Latin-1.
  return file && { name: Buffer.from(file.originalname, 'latin1').toString('utf8'), bytes: file.buffer }
}

function refusal(code: string): AppError {
  if (code === 'LIMIT_FILE_SIZE' || code === 'LIMIT_FIELD_VALUE') {
    return new AppError('BODY_TOO_LARGE', `the file is larger than ${UPLOAD_BYTES / 1024 / 1024} MB`)
  }
  return malformed()
}

function malformed(): AppError {
  return new AppError('REQUEST_INVALID', 'the form cannot be read: one file in the field "file" is wanted', {
    field: 'file',
  })
}
