import type { Server } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import type { CertificateStore } from '../../certificates/edge/certificate-store.js'
import type { Clock } from '../../domain/clock.js'
import { AppError } from '../../domain/errors.js'
import type { Bind } from '../../network/address.js'
import { openTcpListeners, type TcpListeners } from '../../network/edge/tcp-listeners.js'
import { openUdpListeners } from '../../network/edge/udp-listeners.js'
import type { Endpoint, UdpListeners } from '../../network/udp.js'
import type { Log } from '../../observe/log.js'
import type { Flow, OnMessage } from '../flow.js'
import { OpenFlows } from './open-flows.js'
import { TCP_LIMITS, TcpConnections, type TcpLimits } from './tcp.js'
import { serveUdp, udpFlow } from './udp.js'
import { WebSocketConnections, type WebSocketsOptions } from './websocket.js'

/** A restart of an office sends everything at once; the kernel may grant less (docs/operations). */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
const FREE_PORT_ATTEMPTS = 30

export interface SipListenersOptions {
  /** 0 = any number that is free for UDP and TCP on all the addresses. */
  port: number
  /** SIP over TLS; 0 = any free port. Left out: none. */
  tls?: { port: number; certificates: Pick<CertificateStore, 'current' | 'onChange'> }
  /** Web pages of which origins may speak SIP over WebSocket; default: none of any. */
  isAllowedOrigin?: WebSocketsOptions['isAllowedOrigin']
  bind: Bind
  clock: Clock
  log: Log
  onMessage: OnMessage
  /** Whose datagrams and connections are dropped unread; asked for each, so it must be cheap. Left out: nobody's. */
  refuses?: (remote: Endpoint) => boolean
  tcpLimits?: TcpLimits
}

/** SIP on one port number, UDP and TCP; on another one TLS; and over WebSockets that HTTP listeners hand over. */
export interface SipListeners {
  readonly port: number
  readonly tlsPort: number | undefined
  /** Granted by the kernel for UDP, in bytes. */
  readonly receiveBufferBytes: number
  /** Local addresses that are listened on now. */
  addresses(): readonly string[]
  /**
   * The way back to somebody who was heard before: by UDP from the address he reached, else on his connection.
   * Undefined when that address or connection is gone.
   */
  flowTo(transport: Flow['transport'], remote: Endpoint, localAddress: string): Flow | undefined
  readonly webSockets: WebSocketConnections
  /** Stops accepting, lets written answers go out, closes everything. */
  close(): Promise<void>
}

/**
 * Opens UDP and TCP on the same port number, and TLS.
 * @throws AppError PORT_IN_USE, PORT_FORBIDDEN, CONFIG_INVALID; nothing is left open then
 */
export async function openSipListeners(options: SipListenersOptions): Promise<SipListeners> {
  const { clock, log, onMessage, tcpLimits: limits = TCP_LIMITS, isAllowedOrigin = () => false } = options
  const flows = new OpenFlows(limits, options.refuses)
  const connections = new TcpConnections(clock, log, onMessage, limits, flows)
  const webSockets = new WebSocketConnections({ clock, log, onMessage, limits, flows, isAllowedOrigin })
  const { udp, tcp } = await openBoth(options, connections)
  const close = async (more: readonly Server[]): Promise<void> => {
    const stopped = [...tcp.servers, ...more].map((server) => closed(server))
    await Promise.all([connections.close(), webSockets.close()])
    await Promise.all([...stopped, udp.close()])
  }
  const tls = await openTls(options, connections).catch(async (error: unknown) => {
    await close([])
    throw error
  })
  serveUdp(udp, onMessage, options.refuses)
  return {
    port: udp.port,
    tlsPort: tls?.port,
    receiveBufferBytes: udp.receiveBufferBytes,
    addresses: () => udp.addresses(),
    flowTo: (transport, remote, localAddress) => {
      if (transport !== 'udp') return flows.find(transport, remote, localAddress)
      if (!udp.addresses().includes(localAddress)) return undefined
      return udpFlow(udp, remote, { address: localAddress, port: udp.port })
    },
    webSockets,
    close: async () => {
      tls?.forgetCertificates()
      await close(tls?.servers ?? [])
    },
  }
}

async function openTls(
  { tls, bind, log }: SipListenersOptions,
  connections: TcpConnections,
): Promise<{ port: number; servers: readonly TlsServer[]; forgetCertificates: () => void } | undefined> {
  if (!tls) return undefined
  const { port, certificates } = tls
  // No client certificate is asked for: old phones' own ones break the handshake.
  const credentials = () => ({ ...certificates.current(), minVersion: 'TLSv1.2' as const, requestCert: false })
  const createServer = (): TlsServer => connections.createTlsServer(credentials())
  const listeners = await openTcpListeners<TlsServer>({ port, bind, createServer })
  const forgetCertificates = certificates.onChange(() => {
    for (const server of listeners.servers) server.setSecureContext(credentials())
    log.info({ port: listeners.port }, 'SIP over TLS uses a new certificate')
  })
  return { ...listeners, forgetCertificates }
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
