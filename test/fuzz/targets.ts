import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket as TcpSocket } from 'node:net'
import { connect as connectTls } from 'node:tls'

const CLOSED_WITHIN_MS = 500

/** Sends datagrams from sockets of one address, and hands over what comes back. */
export class UdpGun {
  private constructor(
    private readonly sockets: readonly Socket[],
    readonly address: string,
  ) {}

  /** @param answer what to send back to the sender of an answer; nothing when undefined */
  static async open(address: string, count: number, answer: (data: Buffer) => Buffer | undefined): Promise<UdpGun> {
    const sockets = Array.from({ length: count }, () => createSocket('udp4'))
    for (const socket of sockets) {
      socket.on('message', (data, { address: from, port }) => {
        const back = answer(data)
        if (back) socket.send(back, port, from)
      })
      socket.bind(0, address)
      await once(socket, 'listening')
    }
    return new UdpGun(sockets, address)
  }

  send(which: number, data: Buffer, port: number): void {
    // Too long for a datagram: the error is the answer.
    this.sockets[which % this.sockets.length]?.send(data, port, '127.0.0.1', () => undefined)
  }

  close(): void {
    for (const socket of this.sockets) socket.close()
  }
}

/** Node cannot send from port 0; a raw socket of root can. A line of standard input is a datagram: port, hex. */
const FROM_PORT_0 = `
import socket, struct, sys
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
for line in sys.stdin:
    port, _, data = line.strip().partition(' ')
    data = bytes.fromhex(data)
    raw.sendto(struct.pack('!HHHH', 0, int(port), 8 + len(data), 0) + data, ('127.0.0.1', 0))
`

/** Sends datagrams from source port 0. Needs root. */
export class PortZeroGun {
  readonly #child: ChildProcessWithoutNullStreams = spawn('python3', ['-uc', FROM_PORT_0])
  #said = ''

  constructor() {
    this.#child.stdin.on('error', () => undefined)
    this.#child.stderr.on('data', (data: Buffer) => (this.#said += data.toString()))
  }

  send(data: Buffer, port: number): void {
    this.#child.stdin.write(`${port} ${data.toString('hex')}\n`)
  }

  /** Resolves when everything was sent. @throws Error when something could not be sent */
  async close(): Promise<void> {
    const ended = once(this.#child, 'close')
    this.#child.stdin.end()
    const [status] = (await ended) as [number | null]
    if (status !== 0) throw new Error(`datagrams from port 0 were not sent: ${this.#said}`)
  }
}

/** What a TLS client says first. */
export async function captureClientHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connectTls({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    servername: 'localhost',
  })
  client.on('error', () => undefined)
  const [peer] = (await once(server, 'connection')) as [TcpSocket]
  const [hello] = (await once(peer, 'data')) as [Buffer]
  client.destroy()
  peer.destroy()
  server.close()
  return hello
}

export interface Pour {
  port: number
  from: string
  segments: readonly Buffer[]
  /** Breaks the connection off instead of ending it. */
  rude: boolean
  /** Inside TLS. */
  tls?: boolean
}

/** One TCP connection: the segments one after the other, then the end. Gives what came back. */
export function pour({ port, from, segments, rude, tls = false }: Pour): Promise<Buffer> {
  return new Promise((resolve) => {
    const tcp = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true })
    const socket = tls ? connectTls({ socket: tcp, rejectUnauthorized: false }) : tcp
    tcp.on('error', () => undefined)
    const pieces: Buffer[] = []
    const timer = setTimeout(() => {
      socket.destroy()
      tcp.destroy()
    }, CLOSED_WITHIN_MS)
    socket.on('data', (piece) => pieces.push(piece))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      // It may outlive the TLS connection in it.
      tcp.destroy()
      resolve(Buffer.concat(pieces))
    })
    const write = (index: number): void => {
      const segment = segments[index]
      if (socket.destroyed) return
      if (segment) socket.write(segment, () => setImmediate(write, index + 1))
      else if (rude) tcp.resetAndDestroy()
      else socket.end()
    }
    socket.on(tls ? 'secureConnect' : 'connect', () => write(0))
  })
}
