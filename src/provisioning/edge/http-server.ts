import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../domain/clock.js'
import { normaliseAddress, type Bind } from '../../network/address.js'
import { closeSoon } from '../../network/edge/close-soon.js'
import { openTcpListeners } from '../../network/edge/tcp-listeners.js'
import type { Log } from '../../observe/log.js'
import { ClientConnections } from './client-connections.js'
import type { Provisioning } from '../delivery.js'
import { headText, textAnswer } from './http-answer.js'
import type { PhoneHttp } from './http.js'
import type { HttpGuard } from './http-guard.js'
import { PlainGets } from './http-plain.js'

/** How long running answers may go on after `stop`, in milliseconds. */
const STOP_GRACE_MS = 5_000
const STOP_POLL_MS = 50
/** Time for the TLS handshake, in milliseconds: old phones are slow at it. */
const HANDSHAKE_TIMEOUT_MS = 20_000
/** A connection on which nothing moves is ended: a phone that lost power does not say good-bye. */
const IDLE_TIMEOUT_MS = 120_000

/** Limits against slow and greedy clients, in milliseconds and bytes. */
const LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  noDelay: true,
} satisfies ServerOptions
const MAX_REQUESTS_PER_CONNECTION = 1_000
/** Connections at a time for each listener: 5,000 phones at once, and file handles left for everything else. */
const MAX_CONNECTIONS = 10_000
/** 5,000 phones behind one address may come at once after a power cut; no address may take all the connections. */
const CONNECTIONS_PER_ADDRESS = 6_000

/** Certificate with its chain, and key, as PEM. */
interface TlsCredentials {
  cert: string
  key: string
}

/** Where HTTPS takes its certificate from. */
export interface TlsSource {
  current(): TlsCredentials
  /** Calls `listener` after each change; returns a function that ends this. */
  onChange(listener: () => void): () => void
}

export interface PhoneHttpServerOptions {
  handler: PhoneHttp
  /** Plain GETs are answered from it before node:http reads them; left out: node:http reads everything. */
  provisioning?: Provisioning
  /** Takes requests of HTTPS for another protocol; gives false for those it has no answer to. Left out: there is none. */
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean
  /** Who is not even connected to, and who is told of bad clients; left out: nobody. */
  guard?: HttpGuard
  /** Connections at a time of one address, over all listeners (default 6,000). */
  connectionsPerAddress?: number
  bind: Bind
  /** 0 = any free port. */
  httpPort: number
  /** Left out: no HTTPS. */
  https?: { port: number; certificates: TlsSource }
  /** Time limits of node:http in milliseconds, in place of the built-in ones. */
  limits?: Pick<ServerOptions, 'headersTimeout' | 'requestTimeout' | 'keepAliveTimeout' | 'connectionsCheckingInterval'>
  clock: Clock
  log: Log
  /** A handshake failed: the phone does not trust us, or cannot speak our TLS. */
  onTlsFailure?(peer: string, reason: string): void
}

/** The running HTTP and HTTPS listeners. */
export interface PhoneHttpServer {
  readonly httpPort: number
  readonly httpsPort: number | undefined
  /** Ends the connections of sources that were not given any answer yet; others end with their next request. */
  dropUnanswered(isMeant: (address: string) => boolean): void
  /** Takes no more connections, lets running answers finish for up to 5 s, then ends them. */
  stop(): Promise<void>
}

/** @throws AppError PORT_IN_USE, PORT_FORBIDDEN, CONFIG_INVALID; nothing is left open then */
export async function startPhoneHttpServer(options: PhoneHttpServerOptions): Promise<PhoneHttpServer> {
  const { bind, https } = options
  let stopping = false
  const connections = new ClientConnections(options.connectionsPerAddress ?? CONNECTIONS_PER_ADDRESS, options.guard)
  const handler: PhoneHttp = (request, response) => {
    if (stopping) response.shouldKeepAlive = false
    options.handler(request, response)
  }
  const plain = options.provisioning && plainGets(options.provisioning, options)
  const prepared = <S extends Server>(server: S, event: 'connection' | 'secureConnection'): S => {
    server.on('connection', (socket: Socket) => connections.accept(socket))
    // Over TCP that comes after `accept`, over TLS long after.
    plain?.standBefore(server, event)
    return prepare(server, handler, options)
  }
  const http = await openTcpListeners<Server>({
    port: options.httpPort,
    bind,
    createServer: () => prepared(createHttpServer({ ...LIMITS, ...options.limits }), 'connection'),
  })
  const servers: Server[] = [...http.servers]
  let forgetCertificates = (): void => undefined
  const stop = async (): Promise<void> => {
    stopping = true
    forgetCertificates()
    plain?.stop()
    await stopServers(servers, plain, options.clock)
  }
  try {
    const secure = https && (await openHttps(options, (server) => prepared(server, 'secureConnection'), https))
    servers.push(...(secure?.servers ?? []))
    forgetCertificates = secure?.forgetCertificates ?? forgetCertificates
    const dropUnanswered = (isMeant: (address: string) => boolean): void => connections.dropUnanswered(isMeant)
    return { httpPort: http.port, httpsPort: secure?.port, dropUnanswered, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function openHttps(
  options: PhoneHttpServerOptions,
  prepared: (server: HttpsServer) => HttpsServer,
  { port, certificates }: { port: number; certificates: TlsSource },
): Promise<{ port: number; servers: readonly HttpsServer[]; forgetCertificates: () => void }> {
  const { bind, limits, log, upgrade } = options
  // No client certificate is asked for: old phones' own ones break the handshake.
  const tls = () => ({ ...certificates.current(), minVersion: 'TLSv1.2' as const, requestCert: false })
  const listeners = await openTcpListeners<HttpsServer>({
    port,
    bind,
    createServer: () => {
      const server = createHttpsServer({ ...LIMITS, ...limits, ...tls(), handshakeTimeout: HANDSHAKE_TIMEOUT_MS })
      server.on('tlsClientError', (error: Error, socket: Socket) => {
        // Not louder: anybody who can connect can cause as many as he likes.
        log.debug({ peer: socket.remoteAddress, error: error.message }, 'a TLS handshake failed')
        const peer = normaliseAddress(socket.remoteAddress ?? '')
        if (peer !== undefined) options.onTlsFailure?.(peer, error.message)
      })
      if (upgrade) {
        server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
          if (!upgrade(request, socket, head)) refuseUpgrade(socket, options.clock)
        })
      }
      return prepared(server)
    },
  })
  const forgetCertificates = certificates.onChange(() => {
    for (const server of listeners.servers) server.setSecureContext(tls())
    log.info({ port: listeners.port }, 'HTTPS uses a new certificate')
  })
  return { ...listeners, forgetCertificates }
}

function plainGets(provisioning: Provisioning, { guard, limits, clock }: PhoneHttpServerOptions): PlainGets {
  return new PlainGets({
    ...{ provisioning, guard, clock },
    keepAliveMs: limits?.keepAliveTimeout ?? LIMITS.keepAliveTimeout,
    idleMs: IDLE_TIMEOUT_MS,
    checkMs: limits?.connectionsCheckingInterval ?? LIMITS.connectionsCheckingInterval,
    requestsPerConnection: MAX_REQUESTS_PER_CONNECTION,
  })
}

/** The same answer whatever was asked, and to everybody. */
function refuseUpgrade(socket: Duplex, clock: Clock): void {
  const { text, headers } = textAnswer(404)
  const pairs = Object.entries({ ...headers, Connection: 'close' })
    .flat()
    .map(String)
  socket.on('error', () => undefined)
  closeSoon(socket, clock, `${headText(404, pairs)}\r\n${text}`)
}

function prepare<S extends Server>(server: S, handler: PhoneHttp, { guard, clock, log }: PhoneHttpServerOptions): S {
  server.timeout = IDLE_TIMEOUT_MS
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION
  server.maxConnections = MAX_CONNECTIONS
  // Node drops what comes after 2,000 headers, and with it what a proxy added last; their bytes are limited anyway.
  server.maxHeadersCount = 0
  server.on('request', handler)
  // A phone that asks before it uploads gets the refusal without having sent the body.
  server.on('checkContinue', handler)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    log.debug({ peer: socket.remoteAddress, error: error.message }, 'a request could not be read')
    const address = normaliseAddress(socket.remoteAddress ?? '')
    if (address !== undefined && isClientsFault(error)) {
      guard?.hostile(address, error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'slow' : 'malformed', error.code ?? '')
    }
    // Who has hung up is not answered: over TLS the answer might never leave.
    if (error.code === 'HPE_INVALID_EOF_STATE') socket.destroy()
    if (!socket.writable) return
    const status = CLIENT_ERRORS[error.code ?? ''] ?? '400 Bad Request'
    closeSoon(socket, clock, `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  })
  server.on('error', (error) => log.warn({ error: error.message }, 'HTTP listener error'))
  return server
}

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** A connection that breaks is nobody's fault. */
function isClientsFault({ code }: NodeJS.ErrnoException): boolean {
  return code !== undefined && (code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT')
}

async function stopServers(servers: readonly Server[], plain: PlainGets | undefined, clock: Clock): Promise<void> {
  const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  const deadline = clock.now() + STOP_GRACE_MS
  let cancel = (): void => undefined
  const poll = (): void => {
    const late = clock.now() >= deadline
    // Connections fall idle one by one as their answers are out.
    if (late) plain?.closeAll()
    else plain?.closeIdle()
    for (const server of servers) {
      if (late) server.closeAllConnections()
      else server.closeIdleConnections()
    }
    if (!late) cancel = clock.after(STOP_POLL_MS, poll)
  }
  poll()
  await closed
  cancel()
}
