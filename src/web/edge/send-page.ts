import type { Request, Response } from 'express'
import { randomBytes, randomInt } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const pack = promisify(gzip)
/** Less is not worth the work. */
const PACKED_FROM_BYTES = 1_400
/** Hides how well a page was packed, by which somebody on the way could guess at what stands in it (BREACH). */
const PADDING_BYTES = 64

/** Sends a page, packed where the browser takes that. */
export async function sendPage(request: Request, response: Response, html: string): Promise<void> {
  response.type('html').vary('Accept-Encoding')
  if (html.length < PACKED_FROM_BYTES || request.acceptsEncodings('gzip') === false) {
    response.send(html)
    return
  }
  const packed = await pack(html, { level: 6 })
  response.set('X-Padding', randomBytes(randomInt(PADDING_BYTES) + 1).toString('hex'))
  response.set('Content-Encoding', 'gzip').send(packed)
}
