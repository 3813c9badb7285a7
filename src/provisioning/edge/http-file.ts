import { close, constants, createReadStream, fstat, open, type Stats } from 'node:fs'
import type { ServerResponse } from 'node:http'
import type { Millis } from '../../domain/clock.js'

/** Read at once, in bytes. */
const CHUNK_BYTES = 128 * 1024

export interface FilePart {
  path: string
  /** Size and time the headers were made for: a file that differs was changed and is not sent. */
  sizeBytes: number
  lastModified: Millis
  start: number
  /** Last byte; `start - 1` = nothing. */
  end: number
  writeHead: () => void
  /** Told of every piece handed to the socket. */
  count: (bytes: number) => void
  /** Nothing was sent: the file is gone, unreadable or has changed. */
  cannot: (reason: unknown) => void
}

/**
 * Streams a part of a file as fast as the client takes it; never more than a few chunks are in memory. A client that
 * leaves frees the file. A file that ends early ends the connection, for a Content-Length cannot be taken back.
 */
export function sendFile(response: ServerResponse, part: FilePart): void {
  // A last component that was made a symbolic link since it was indexed is not followed.
  open(part.path, constants.O_RDONLY | constants.O_NOFOLLOW, (openError, fd) => {
    if (openError) {
      if (!response.destroyed) part.cannot(openError)
      return
    }
    fstat(fd, (error, facts) => {
      const fits = !error && isAsIndexed(facts, part)
      if (fits && !response.destroyed && part.end >= part.start) {
        stream(response, part, fd)
        return
      }
      close(fd, () => undefined)
      if (response.destroyed) return
      if (fits) {
        part.writeHead()
        response.end()
      } else part.cannot(error ?? new Error('changed since it was indexed'))
    })
  })
}

/** Times are compared by whole seconds, as file systems and headers differ below. */
function isAsIndexed(facts: Stats, { sizeBytes, lastModified }: FilePart): boolean {
  return facts.isFile() && facts.size === sizeBytes && Math.abs(facts.mtimeMs - lastModified) < 1000
}

function stream(response: ServerResponse, part: FilePart, fd: number): void {
  part.writeHead()
  const file = createReadStream('', { fd, start: part.start, end: part.end, highWaterMark: CHUNK_BYTES })
  file.on('data', (chunk) => part.count(chunk.length))
  file.on('end', () => {
    if (file.bytesRead === part.end - part.start + 1) response.end()
    else response.destroy()
  })
  file.on('error', () => response.destroy())
  response.once('close', () => file.destroy())
  file.pipe(response, { end: false })
}
