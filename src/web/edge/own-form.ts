import type { IncomingMessage } from 'node:http'
import { AppError } from '../../domain/errors.js'
import type { OwnAnswer } from '../../softphones/edge/http.js'

const FORM_BYTES = 32 * 1024
/** Whoever sends more than this is cut off. */
const READ_BYTES = 1024 * 1024

/**
 * What somebody filled in. Throws BODY_TOO_LARGE, after some of what is too much was read: a browser shows no answer
 * while it is sending.
 */
export async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length
    if (length <= FORM_BYTES) pieces.push(piece)
    if (length > READ_BYTES) break
  }
  if (length > FORM_BYTES) throw new AppError('BODY_TOO_LARGE', 'the form is too large')
  return new URLSearchParams(Buffer.concat(pieces).toString('utf8'))
}

/** The answer to it. */
export const TOO_LARGE: OwnAnswer = {
  status: 413,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' },
  body: 'The form is too large: at most 32 KB are taken.\n',
}

export function isTooLarge(error: unknown): boolean {
  return error instanceof AppError && error.code === 'BODY_TOO_LARGE'
}
