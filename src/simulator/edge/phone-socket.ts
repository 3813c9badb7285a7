import { connect, type Socket } from 'node:net'
import type { SocketAsPromised } from 'dgram-as-promised'
import { normaliseAddress } from '../../network/address.js'
import { createSocket } from '../../network/edge/udp-listeners.js'
import type { Endpoint } from '../../network/udp.js'
import { StreamFramer } from '../../sip/framing.js'
import { type Parsed, parseDatagram } from '../../sip/parse.js'

/** A phone's own connection to its registrar. */
export interface PhoneSocket {
  readonly local: Endpoint
  /** TCP: nothing is resent. */
  readonly reliable: boolean
  readonly closed: boolean
  /** Fire and forget. */
  send(text: string): void
  close(): void
}

export interface PhoneSocketOptions {
  readonly transport: 'udp' | 'tcp'
  readonly server: Endpoint
  /** Default: whatever the system takes to reach the server. */
  readonly localAddress: string | undefined
  readonly onMessage: (parsed: Parsed) => void
  /** TCP only: by whomever. */
  readonly onClosed: () => void
}

/** Opens a socket to the registrar, and to nobody else. Rejects when TCP does not connect. */
export function openPhoneSocket(options: PhoneSocketOptions): Promise<PhoneSocket> {
  return options.transport === 'udp' ? openUdp(options) : openTcp(options)
}

async function openUdp({ server, localAddress, onMessage }: PhoneSocketOptions): Promise<PhoneSocket> {
  const opened = createSocket(server.address)
  const { socket } = opened
  let closed = false
  // "Connection refused" while the server restarts: the next resend may get through.
  socket.on('error', () => undefined)
  socket.on('message', (data) => onMessage(parseDatagram(data.toString('latin1'))))
  try {
    await opened.bind(localAddress === undefined ? {} : { address: localAddress })
    // Connected, the kernel gives us our address and keeps strangers' datagrams away.
    await connected(opened, server)
  } catch (error) {
    await opened.close().catch(() => undefined)
    throw error
  }
  const { address, port } = socket.address()
  return {
    local: { address: normaliseAddress(address) ?? address, port },
    reliable: false,
    get closed() {
      return closed
    },
    send: (text) => {
      if (!closed) socket.send(Buffer.from(text, 'latin1'), () => undefined)
    },
    close: () => {
      if (!closed) void opened.close().catch(() => undefined)
      closed = true
    },
  }
}

function connected({ socket }: SocketAsPromised, server: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    // Since Node 20 the callback of connect() is also called with an error.
    socket.connect(server.port, server.address, (...result: unknown[]) => {
      if (result[0] instanceof Error) reject(result[0])
      else resolve()
    })
  })
}

function openTcp({ server, localAddress, onMessage, onClosed }: PhoneSocketOptions): Promise<PhoneSocket> {
  return new Promise((resolve, reject) => {
    const target = { host: server.address, port: server.port }
    const socket: Socket = connect(localAddress === undefined ? target : { ...target, localAddress })
    const framer = new StreamFramer()
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (segment) => {
      for (const framed of framer.push(String(segment))) {
        if (framed.kind !== 'ping') onMessage(framed.parsed)
        if (framed.kind === 'broken') socket.destroy()
      }
    })
    socket.on('error', reject)
    socket.on('close', onClosed)
    socket.once('connect', () => {
      const address = normaliseAddress(socket.localAddress ?? '') ?? ''
      resolve({
        local: { address, port: socket.localPort ?? 0 },
        reliable: true,
        get closed() {
          return socket.destroyed
        },
        send: (text) => {
          if (socket.writable) socket.write(text, 'latin1')
        },
        close: () => socket.destroy(),
      })
    })
  })
}
