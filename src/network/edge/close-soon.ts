import type { Duplex } from 'node:stream'
import type { Clock, Millis } from '../../domain/clock.js'

/** How long last words may take until they are out. */
export const LAST_WORDS_MS: Millis = 5_000

/**
 * Sends last words and ends the connection; after 5 s without them: Node's TLS sockets do not always tell that a write
 * failed because the peer has reset the connection, and would stay for ever.
 */
export function closeSoon(socket: Duplex, clock: Clock, lastWords = ''): void {
  if (socket.destroyed) return
  const end = (): void => void socket.destroy()
  socket.once('close', clock.after(LAST_WORDS_MS, end))
  socket.once('finish', end)
  if (!socket.writable) return
  if (lastWords === '') socket.end()
  else socket.end(lastWords)
}
