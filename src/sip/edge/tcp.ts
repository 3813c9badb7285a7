import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../domain/clock.js'
import { normaliseAddress } from '../../network/address.js'
import type { Endpoint } from '../../network/udp.js'
import type { Log } from '../../observe/log.js'
import type { Flow, OnMessage } from '../flow.js'
import { StreamFramer } from '../framing.js'

/** How much a peer may take of the server; times in milliseconds. */
export interface TcpLimits {
  connections: number
  /** A whole office may sit behind one address. */
  connectionsPerAddress: number
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

/** SIP over TCP (RFC 3261 §18.3): a connection, its framer and its time limits. */
class Connection {
  readonly #framer = new StreamFramer()
  readonly #flow: Flow
  #cancelDeadline: () => void = () => undefined
  #heard = false

  constructor(
    private readonly socket: Socket,
    remoteAddress: string,
    private readonly clock: Clock,
    private readonly limits: TcpLimits,
    private readonly onMessage: OnMessage,
  ) {
    this.#flow = {
      transport: 'tcp',
      remote: { address: remoteAddress, port: socket.remotePort ?? 0 },
      local: { address: normaliseAddress(socket.localAddress ?? '') ?? '', port: socket.localPort ?? 0 },
      send: (text) => this.#send(text),
    }
    this.#deadline(limits.firstMessageMs)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.setEncoding('latin1')
    socket.on('data', (segment) => this.#read(String(segment)))
    socket.on('close', () => this.#cancelDeadline())
  }

  get flow(): Flow {
    return this.#flow
  }

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
        this.#cancelDeadline()
        this.socket.end()
        this.socket.destroySoon()
        return
      }
    }
    if (messages > 0) this.#heard = true
    this.#watch(wasPartial && messages === 0)
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

  #send(text: string): void {
    if (!this.socket.writable) return
    this.socket.write(text, 'latin1')
    if (this.socket.writableLength > this.limits.unsentBytes) this.socket.destroy()
  }
}

/** All SIP connections of the server, over however many listening sockets. */
export class TcpConnections {
  readonly #sockets = new Set<Socket>()
  readonly #byAddress = new Map<string, number>()
  readonly #flows = new Map<string, Flow>()

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly onMessage: OnMessage,
    private readonly limits: TcpLimits = TCP_LIMITS,
    private readonly refuses: (remote: Endpoint) => boolean = () => false,
  ) {}

  get size(): number {
    return this.#sockets.size
  }

  /** The connection between these two ends, while it is there. */
  flow(remote: Endpoint, localAddress: string): Flow | undefined {
    return this.#flows.get(endsKey(remote, localAddress))
  }

  /** One more server, not yet listening, whose connections belong here. */
  createServer(): Server {
    const server = createServer((socket) => this.#accept(socket))
    server.on('error', (error) => this.log.warn({ error: error.message }, 'SIP TCP listener error'))
    return server
  }

  /** Lets what was written go out, then closes all connections. */
  async close(): Promise<void> {
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

  #accept(socket: Socket): void {
    // Resets and broken pipes arrive here; 'close' follows.
    socket.on('error', (error) => this.log.debug({ error: error.message }, 'SIP TCP connection error'))
    const address = normaliseAddress(socket.remoteAddress ?? '')
    const count = this.#byAddress.get(address ?? '') ?? 0
    const full = this.#sockets.size >= this.limits.connections || count >= this.limits.connectionsPerAddress
    if (address === undefined || full || this.refuses({ address, port: socket.remotePort ?? 0 })) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#byAddress.set(address, count + 1)
    const { flow } = new Connection(socket, address, this.clock, this.limits, this.onMessage)
    const key = endsKey(flow.remote, flow.local.address)
    this.#flows.set(key, flow)
    socket.on('close', () => {
      this.#forget(socket, address)
      if (this.#flows.get(key) === flow) this.#flows.delete(key)
    })
  }

  #forget(socket: Socket, address: string): void {
    this.#sockets.delete(socket)
    const left = (this.#byAddress.get(address) ?? 1) - 1
    if (left > 0) this.#byAddress.set(address, left)
    else this.#byAddress.delete(address)
  }
}

function endsKey({ address, port }: Endpoint, localAddress: string): string {
  return `${address} ${port} ${localAddress}`
}
