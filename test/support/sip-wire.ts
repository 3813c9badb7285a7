import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { registerText, type RegisterParts } from './sip-requests.js'
import { startTestRegistrar, type TestRegistrar, type TestRegistrarOptions } from './test-registrar.js'

export const ACCOUNTS = [{ username: '101', password: 'pw', number: '101' }]
const cleanups: (() => unknown)[] = []

/** Ends what the test has opened, the last one first. Call it after each test. */
export async function closeWire(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
}

/** Something to undo after the test. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

/** A registrar on loopback for `101` with password `pw`. */
export async function startWire(options: Partial<TestRegistrarOptions> = {}): Promise<TestRegistrar> {
  const server = await startTestRegistrar({ accounts: ACCOUNTS, domain: 'example.com', ...options })
  cleanups.push(() => server.stop())
  return server
}

export interface UdpPhone {
  port: number
  send(data: string | Buffer): void
  /** Sends, and gives the next datagram that comes in. */
  ask(text: string | Buffer): Promise<{ text: string; from: string }>
  close(): void
}

/** A UDP socket that sends to the registrar. */
export async function udpPhone(server: TestRegistrar, to = '127.0.0.1', address = '127.0.0.1'): Promise<UdpPhone> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  let isOpen = true
  const close = (): void => {
    if (isOpen) socket.close()
    isOpen = false
  }
  cleanups.push(close)
  return {
    port: socket.address().port,
    close,
    send: (data) => socket.send(data, server.port, to),
    ask: async (text) => {
      socket.send(typeof text === 'string' ? Buffer.from(text, 'latin1') : text, server.port, to)
      const [data, { address: from }] = (await once(socket, 'message')) as [Buffer, { address: string }]
      return { text: data.toString('latin1'), from }
    },
  }
}

/** A TCP connection to the registrar. */
export class TcpPhone {
  readonly received: string[] = []
  readonly closed: Promise<unknown>

  constructor(readonly socket: Socket) {
    socket.setEncoding('latin1')
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('data', (data) => this.received.push(String(data)))
    this.closed = new Promise((resolve) => socket.once('close', resolve))
    cleanups.push(() => socket.destroy())
  }

  static async connect(server: TestRegistrar, host = '127.0.0.1'): Promise<TcpPhone> {
    const socket = connect(server.port, host)
    await once(socket, 'connect')
    return new TcpPhone(socket)
  }

  get text(): string {
    return this.received.join('')
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) await once(this.socket, 'data')
    return this.text
  }

  /** Writes and waits until it has left, so that the next write is a segment of its own. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => this.socket.write(text, 'latin1', () => setImmediate(resolve)))
  }
}

/** A REGISTER as it comes over TCP. */
export const tcpRegister = (parts: RegisterParts): string =>
  registerText({ via: `Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK${parts.callId};rport`, ...parts })
