import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer, type TlsOptions } from 'node:tls'
import type { Clock } from '../../domain/clock.js'
import { normaliseAddress } from '../../network/address.js'
import { closeSoon } from '../../network/edge/close-soon.js'
import type { Log } from '../../observe/log.js'
import type { Flow, OnMessage } from '../flow.js'
import { StreamFramer } from '../framing.js'
import type { ConnectionLimits, OpenFlows } from './open-flows.js'

/** Time for the TLS handshake, in milliseconds: old phones are slow at it. */
const HANDSHAKE_TIMEOUT_MS = 20_000

/** How much a peer may take of the server; times in milliseconds. */
export interface TcpLimits extends ConnectionLimits {
  /** From connecting to the first whole message. */
  firstMessageMs: number
  /** From the first octet of a message to its last. */
  restOfMessageMs: number
  /** Without any octet; longer than a registration lasts, since the connection is the way back to the phone. */
  idleMs: number
  /** Unsent octets at which a peer that does not read is dropped. */
  unsentBytes: number
}

export const TCP_LIMITS: TcpLimits = {
  connections: 20_000,
  connectionsPerAddress: 6_000,
  firstMessageMs: 30_000,
  restOfMessageMs: 20_000,
  idleMs: 7_500_000,
  unsentBytes: 262_144,
}

/** SIP over TCP or TLS (RFC 3261 §18.3): a connection, its framer and its time limits. */
class Connection {
  readonly #framer = new StreamFramer()
  readonly #flow: Flow
  #cancelDeadline: () => void = () => undefined
  #heard = false
  #unsent = ''

  constructor(
    private readonly socket: Socket,
    transport: 'tcp' | 'tls',
    remoteAddress: string,
    private readonly clock: Clock,
    private readonly limits: TcpLimits,
    private readonly onMessage: OnMessage,
  ) {
    this.#flow = {
      transport,
      remote: { address: remoteAddress, port: socket.remotePort ?? 0 },
      local: { address: normaliseAddress(socket.localAddress ?? '') ?? '', port: socket.localPort ?? 0 },
      send: (text) => this.#send(text),
    }
    this.#deadline(limits.firstMessageMs)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.setEncoding('latin1')
    socket.on('data', this.#onData)
    socket.on('end', () => this.#leave())
    socket.on('close', () => this.#cancelDeadline())
  }

  get flow(): Flow {
    return this.#flow
  }

  readonly #onData = (segment: string | Buffer): void => this.#read(String(segment))

  #read(segment: string): void {
    const wasPartial = this.#framer.partial
    let messages = 0
    for (const framed of this.#framer.push(segment)) {
      if (framed.kind === 'ping') {
        // RFC 5626 §4.4.1: one CRLF answers the double CRLF.
        this.#send('\r\n')
        continue
      }
      messages += 1
      this.onMessage(framed.parsed, this.#flow)
      if (framed.kind === 'broken') {
        this.#leave()
        return
      }
    }
    if (messages > 0) this.#heard = true
    this.#watch(wasPartial && messages === 0)
  }

  /** What is said from now on is not heard. */
  #leave(): void {
    this.#cancelDeadline()
    this.socket.off('data', this.#onData)
    this.socket.resume()
    this.#flush()
    closeSoon(this.socket, this.clock)
  }

  /** A message that trickles in does not get more time with each octet. */
  #watch(stillTheSameMessage: boolean): void {
    if (!this.#heard || (this.#framer.partial && stillTheSameMessage)) return
    this.#deadline(this.#framer.partial ? this.limits.restOfMessageMs : this.limits.idleMs)
  }

  #deadline(ms: number): void {
    this.#cancelDeadline()
    this.#cancelDeadline = this.clock.after(ms, () => this.socket.destroy())
  }

  /** What one commit or one segment gives rise to goes out together: a write costs more than an answer. */
  #send(text: string): void {
    if (!this.socket.writable) return
    if (this.#unsent === '') queueMicrotask(() => this.#flush())
    this.#unsent += text
  }

  #flush(): void {
    const text = this.#unsent
    this.#unsent = ''
    if (text === '' || !this.socket.writable) return
    this.socket.write(text, 'latin1')
    if (this.socket.writableLength > this.limits.unsentBytes) this.socket.destroy()
  }
}

/** All SIP connections over TCP and TLS, over however many listening sockets. */
export class TcpConnections {
  readonly #sockets = new Set<Socket>()
  /** Connections whose TLS handshake is under way, by their remote end. */
  readonly #handshakes = new Map<string, Socket>()

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly onMessage: OnMessage,
    private readonly limits: TcpLimits,
    private readonly flows: OpenFlows,
  ) {}

  /** One more server, not yet listening, whose connections belong here. */
  createServer(): Server {
    const server = createServer((socket) => {
      if (this.#admit(socket)) this.#begin(socket, 'tcp')
    })
    server.on('error', (error) => this.log.warn({ error: error.message }, 'SIP TCP listener error'))
    return server
  }

  /** The same with TLS. */
  createTlsServer(credentials: TlsOptions): TlsServer {
    const server = createTlsServer({ ...credentials, handshakeTimeout: HANDSHAKE_TIMEOUT_MS })
    // Counted from the first packet on: a handshake that never ends holds a place as well.
    server.on('connection', (socket: Socket) => {
      const end = remoteEnd(socket)
      if (!this.#admit(socket)) return
      this.#handshakes.set(end, socket)
      socket.once('close', () => this.#handshakes.delete(end))
    })
    server.on('secureConnection', (socket) => {
      this.#handshakes.delete(remoteEnd(socket))
      this.#begin(socket, 'tls')
    })
    server.on('tlsClientError', (error: Error, socket: Socket) => {
      // Not louder: anybody who can connect can cause as many as he likes.
      this.log.debug({ peer: socket.remoteAddress, error: error.message }, 'a TLS handshake for SIP failed')
    })
    server.on('error', (error) => this.log.warn({ error: error.message }, 'SIP TLS listener error'))
    return server
  }

  /** Lets what was written go out, then closes all connections. */
  async close(): Promise<void> {
    for (const socket of this.#handshakes.values()) socket.destroy()
    const closed = [...this.#sockets].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once('close', () => resolve())
          socket.destroySoon()
        }),
    )
    // A peer that does not read would hold up the end.
    const cancel = this.clock.after(1_000, () => this.#sockets.forEach((socket) => socket.destroy()))
    await Promise.all(closed)
    cancel()
  }

  /** @returns false when the connection was ended instead */
  #admit(socket: Socket): boolean {
    const address = normaliseAddress(socket.remoteAddress ?? '')
    const leave = address === undefined ? undefined : this.flows.enter({ address, port: socket.remotePort ?? 0 })
    if (!leave) {
      socket.on('error', () => undefined)
      socket.destroy()
      return false
    }
    socket.once('close', leave)
    return true
  }

  #begin(socket: Socket, transport: 'tcp' | 'tls'): void {
    // Resets and broken pipes arrive here; 'close' follows.
    socket.on('error', (error) => this.log.debug({ error: error.message }, 'SIP TCP connection error'))
    const address = normaliseAddress(socket.remoteAddress ?? '')
    if (address === undefined) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    const { flow } = new Connection(socket, transport, address, this.clock, this.limits, this.onMessage)
    const forget = this.flows.open(flow)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      forget()
    })
  }
}

function remoteEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
