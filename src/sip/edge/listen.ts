import type { Server } from 'node:net'
import type { Clock } from '../../domain/clock.js'
import { AppError } from '../../domain/errors.js'
import type { Bind } from '../../network/address.js'
import { openTcpListeners, type TcpListeners } from '../../network/edge/tcp-listeners.js'
import { openUdpListeners } from '../../network/edge/udp-listeners.js'
import type { Endpoint, UdpListeners } from '../../network/udp.js'
import type { Log } from '../../observe/log.js'
import type { Flow, OnMessage } from '../flow.js'
import { TcpConnections, type TcpLimits } from './tcp.js'
import { serveUdp, udpFlow } from './udp.js'

/** A restart of an office sends everything at once; the kernel may grant less (docs/operations). */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
const FREE_PORT_ATTEMPTS = 30

export interface SipListenersOptions {
  /** 0 = any number that is free for UDP and TCP on all the addresses. */
  port: number
  bind: Bind
  clock: Clock
  log: Log
  onMessage: OnMessage
  /** Whose datagrams and connections are dropped unread; asked for each, so it must be cheap. Left out: nobody's. */
  refuses?: (remote: Endpoint) => boolean
  tcpLimits?: TcpLimits
}

/** SIP on one port number, UDP and TCP. */
export interface SipListeners {
  readonly port: number
  /** Granted by the kernel for UDP, in bytes. */
  readonly receiveBufferBytes: number
  /** Local addresses that are listened on now. */
  addresses(): readonly string[]
  /**
   * The way back to somebody who was heard before: by UDP from the address he reached, by TCP on his connection.
   * Undefined when that address or connection is gone.
   */
  flowTo(transport: Flow['transport'], remote: Endpoint, localAddress: string): Flow | undefined
  /** Stops accepting, lets written answers go out, closes everything. */
  close(): Promise<void>
}

/**
 * Opens UDP and TCP on the same port number.
 * @throws AppError PORT_IN_USE, PORT_FORBIDDEN, CONFIG_INVALID; nothing is left open then
 */
export async function openSipListeners(options: SipListenersOptions): Promise<SipListeners> {
  const connections = new TcpConnections(
    options.clock,
    options.log,
    options.onMessage,
    options.tcpLimits,
    options.refuses,
  )
  const { udp, tcp } = await openBoth(options, connections)
  serveUdp(udp, options.onMessage, options.refuses)
  return {
    port: udp.port,
    receiveBufferBytes: udp.receiveBufferBytes,
    addresses: () => udp.addresses(),
    flowTo: (transport, remote, localAddress) => {
      if (transport === 'tcp') return connections.flow(remote, localAddress)
      if (!udp.addresses().includes(localAddress)) return undefined
      return udpFlow(udp, remote, { address: localAddress, port: udp.port })
    },
    close: async () => {
      const stopped = tcp.servers.map((server) => closed(server))
      await connections.close()
      await Promise.all([...stopped, udp.close()])
    },
  }
}

async function openBoth(
  options: SipListenersOptions,
  connections: TcpConnections,
): Promise<{ udp: UdpListeners; tcp: TcpListeners<Server> }> {
  const { port, bind, clock, log } = options
  const attempts = port === 0 ? FREE_PORT_ATTEMPTS : 1
  for (let attempt = 1; ; attempt += 1) {
    const tcp = await openTcpListeners({ port, bind, createServer: () => connections.createServer() })
    try {
      const receiveBufferBytes = RECEIVE_BUFFER_BYTES
      const udp = await openUdpListeners({ port: tcp.port, bind, receiveBufferBytes, clock, log })
      return { udp, tcp }
    } catch (error) {
      await Promise.all(tcp.servers.map((server) => closed(server)))
      const taken = error instanceof AppError && error.code === 'PORT_IN_USE'
      if (!taken || attempt === attempts) throw error
    }
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
