import type { Endpoint } from '../network/udp.js'
import type { Parsed } from './parse.js'

/** Where a message came from, and the way back to that place. */
export interface Flow {
  readonly transport: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'
  readonly remote: Endpoint
  /** The address the sender reached; answers leave from it. */
  readonly local: Endpoint
  /** Length of the datagram that came; undefined for connections, whose ends are no forgery. */
  readonly octets?: number
  /**
   * Sends latin1 text. On UDP to `port` of the remote address (default: the source port); else on the same
   * connection, and dropped when that is gone. Never throws.
   */
  send(text: string, port?: number): void
}

/** Who handles what a transport read. */
export type OnMessage = (parsed: Parsed, flow: Flow) => void
