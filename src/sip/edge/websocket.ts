import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../domain/clock.js'
import { closeSoon } from '../../network/edge/close-soon.js'
import type { Endpoint } from '../../network/udp.js'
import type { Log } from '../../observe/log.js'
import type { Flow, OnMessage } from '../flow.js'
import { LIMITS } from '../head.js'
import { parseDatagram } from '../parse.js'
import type { OpenFlows } from './open-flows.js'
import type { TcpLimits } from './tcp.js'

/** RFC 7118 §4.1: name of the subprotocol. */
const SUBPROTOCOL = 'sip'
/** How often a client is asked whether it is still there; one that did not answer the last time is let go. */
const PING_MS = 30_000

/** Who asks for a WebSocket, as the HTTP listener knows it; addresses normalised. */
export interface WebSocketPeer {
  readonly remote: Endpoint
  readonly local: Endpoint
  readonly secure: boolean
}

export interface WebSocketsOptions {
  readonly clock: Clock
  readonly log: Log
  readonly onMessage: OnMessage
  readonly limits: Pick<TcpLimits, 'firstMessageMs' | 'unsentBytes'>
  readonly flows: OpenFlows
  /** May pages of this origin (RFC 6454) speak SIP to us? Clients that are no browsers name none, and may. */
  isAllowedOrigin(origin: string): boolean
}

/** One SIP connection over WebSocket (RFC 7118): each of its messages is one SIP message. */
class Connection {
  readonly flow: Flow
  readonly #began: number
  #heard = false
  #isThere = true

  constructor(
    private readonly socket: WebSocket,
    { remote, local, secure }: WebSocketPeer,
    private readonly options: WebSocketsOptions,
  ) {
    this.#began = options.clock.now()
    this.flow = { transport: secure ? 'wss' : 'ws', remote, local, send: (text) => this.#send(text) }
    socket.on('message', (data) => this.#read(textOf(data)))
    socket.on('pong', () => (this.#isThere = true))
    // 'close' follows.
    socket.on('error', (error) => options.log.debug({ error: error.message }, 'SIP WebSocket error'))
  }

  /** Ends a connection whose client has gone or says nothing; asks the others whether they are there. */
  check(): void {
    const { clock, limits } = this.options
    const isSilent = !this.#heard && Math.abs(clock.now() - this.#began) > limits.firstMessageMs
    if (!this.#isThere || isSilent) {
      this.socket.terminate()
      return
    }
    this.#isThere = false
    if (this.socket.readyState === this.socket.OPEN) this.socket.ping()
  }

  #read(text: string): void {
    this.#isThere = true
    // RFC 5626 §4.4.1, as clients send it over WebSocket too.
    if (text === '\r\n\r\n') this.#send('\r\n')
    if (text.trim() === '') return
    this.#heard = true
    this.options.onMessage(parseDatagram(text), this.flow)
  }

  #send(text: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return
    const bytes = Buffer.from(text, 'latin1')
    // RFC 7118 §4.2: text is what scripts like best, but it must be UTF-8 (RFC 6455 §8.1).
    this.socket.send(bytes, { binary: !isUtf8(bytes) })
    if (this.socket.bufferedAmount > this.options.limits.unsentBytes) this.socket.terminate()
  }
}

function textOf(data: RawData): string {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)
  return bytes.toString('latin1')
}

/** SIP over the WebSockets that the HTTP listeners hand over. */
export class WebSocketConnections {
  readonly #open = new Map<WebSocket, Connection>()
  #server: Promise<WebSocketServer> | undefined
  #cancelCheck: (() => void) | undefined
  #closed = false

  constructor(private readonly options: WebSocketsOptions) {}

  /** Takes a request for an upgrade, with its socket and what was read behind it: answers it in any case. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer, peer: WebSocketPeer): void {
    const gone = (): void => void socket.destroy()
    socket.on('error', gone)
    const leave = this.#closed ? undefined : this.options.flows.enter(peer.remote)
    if (!leave) {
      socket.destroy()
      return
    }
    socket.once('close', leave)
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      // Nobody reads from it any more, so its end would never be noticed.
      closeSoon(socket, this.options.clock, `HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    this.#server ??= newServer()
    this.#server
      .then((server) => {
        socket.off('error', gone)
        if (this.#closed) socket.destroy()
        else server.handleUpgrade(request, socket, head, (opened) => this.#begin(opened, peer))
      })
      .catch((error: unknown) => {
        this.options.log.error({ err: error }, 'a WebSocket could not be opened')
        socket.destroy()
      })
  }

  /** Says good-bye to all, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelCheck?.()
    const closed = [...this.#open.keys()].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once('close', () => resolve())
          // 1001: going away (RFC 6455 §7.4.1).
          socket.close(1001)
        }),
    )
    // Who does not answer the good-bye would hold up the end.
    const cancel = this.options.clock.after(1_000, () => {
      for (const socket of this.#open.keys()) socket.terminate()
    })
    await Promise.all(closed)
    cancel()
  }

  /** Status line of the answer; undefined when SIP may be spoken. */
  #refusal({ headers }: IncomingMessage): string | undefined {
    const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim().toLowerCase())
    if (!offered.includes(SUBPROTOCOL)) return '400 Subprotocol Sip Required'
    const { origin } = headers
    return origin === undefined || this.options.isAllowedOrigin(origin) ? undefined : '403 Forbidden'
  }

  #begin(socket: WebSocket, peer: WebSocketPeer): void {
    const connection = new Connection(socket, peer, this.options)
    const forget = this.options.flows.open(connection.flow)
    this.#open.set(socket, connection)
    socket.once('close', () => {
      this.#open.delete(socket)
      forget()
    })
    if (this.#closed) socket.close(1001)
    else this.#cancelCheck ??= this.options.clock.after(PING_MS, () => this.#check())
  }

  #check(): void {
    this.#cancelCheck = undefined
    for (const connection of this.#open.values()) connection.check()
    if (this.#open.size > 0 && !this.#closed) {
      this.#cancelCheck = this.options.clock.after(PING_MS, () => this.#check())
    }
  }
}

/** Loaded with the first client, for most servers have none. */
async function newServer(): Promise<WebSocketServer> {
  const { WebSocketServer: Server } = await import('ws')
  return new Server({
    noServer: true,
    clientTracking: false,
    // A compressed message may unpack to a thousand times its size, and SIP is short.
    perMessageDeflate: false,
    maxPayload: LIMITS.headBytes + LIMITS.bodyBytes,
    handleProtocols: () => SUBPROTOCOL,
  })
}
