import type { IncomingMessage, ServerResponse } from 'node:http'

/** Most bytes of an upload that are read, to be thrown away, before it is refused. */
export const MAX_DRAINED_BYTES = 256 * 1024

/**
 * Reads the body of an upload and throws it away, then calls `refuse`: many phones read the answer only after they have
 * sent everything. After MAX_DRAINED_BYTES, or when the phone waits for "100 Continue", the answer goes out at once and
 * the connection ends with it. An upload that dawdles is ended by the server's request time-out.
 */
export function drainBody(request: IncomingMessage, response: ServerResponse, refuse: () => void): void {
  const length = Number(request.headers['content-length'] ?? 0)
  if (request.headers.expect !== undefined || length > MAX_DRAINED_BYTES) {
    response.shouldKeepAlive = false
    refuse()
    return
  }
  let drained = 0
  const done = (): void => {
    request.off('data', count)
    request.off('end', done)
    if (!response.destroyed) refuse()
  }
  const count = (chunk: Buffer): void => {
    drained += chunk.length
    if (drained <= MAX_DRAINED_BYTES) return
    response.shouldKeepAlive = false
    done()
  }
  request.on('data', count)
  request.on('end', done)
}
