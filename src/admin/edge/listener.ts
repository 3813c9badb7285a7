import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { CertificateStore } from '../../certificates/edge/certificate-store.js'
import type { Clock } from '../../domain/clock.js'
import { AppError } from '../../domain/errors.js'
import { isLoopback, type Bind } from '../../network/address.js'
import { closeSoon } from '../../network/edge/close-soon.js'
import { openTcpListeners } from '../../network/edge/tcp-listeners.js'
import type { Log } from '../../observe/log.js'

/** How long running answers may go on after `stop`, in milliseconds. */
const STOP_GRACE_MS = 3_000
/** The rest of the program is loaded this long after the start when the phones leave time, or at the first request that needs it. */
const PRELOAD_MS = 2_000

/** Limits against slow and greedy clients, in milliseconds and bytes. */
const LIMITS: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 15_000,
  noDelay: true,
}
const MAX_CONNECTIONS = 1_000

/** Whether the server can do its work now, and if not, what is wrong. */
export interface Readiness {
  ready: boolean
  /** A word for each part: `ok`, or what is wrong with it. */
  parts: Readonly<Record<string, string>>
}

export interface AdminListenerOptions {
  port: number
  /** When the port is taken, any free one will do. */
  portMayChange: boolean
  /** Beyond loopback it speaks HTTPS. */
  bind: Bind
  certificates: Pick<CertificateStore, 'current' | 'onChange'>
  readiness: () => Promise<Readiness>
  /** Loads everything behind /healthz and /readyz; called once. */
  loadApp: () => Promise<RequestListener>
  clock: Clock
  spareTime: Pick<Clock, 'after'>
  log: Log
}

/** The admins' own listener; none of the phones' files are here, and nothing of this is on the phones' ports. */
export interface AdminListener {
  readonly port: number
  readonly secure: boolean
  stop(): Promise<void>
}

/**
 * Opens the port at once and loads the program behind it later, so that phones need not wait for it.
 * @throws AppError PORT_IN_USE, PORT_FORBIDDEN, CONFIG_INVALID; nothing is left open then
 */
export async function startAdminListener(options: AdminListenerOptions): Promise<AdminListener> {
  const { bind, certificates, clock, spareTime, log } = options
  const secure = bind === 'all' || !bind.every(isLoopback)
  const tls = () => ({ ...certificates.current(), minVersion: 'TLSv1.2' as const })
  let app: Promise<RequestListener> | undefined
  const load = (): Promise<RequestListener> => (app ??= options.loadApp())
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (answersHealth(options, request, response)) return
    load().then(
      (listener) => listener(request, response),
      (error: unknown) => {
        log.error({ err: error }, 'the admin program cannot be loaded')
        end(response, 500, 'internal error\n')
      },
    )
  }
  const createServer = (): Server | HttpsServer =>
    prepare(secure ? createHttpsServer({ ...LIMITS, ...tls() }) : createHttpServer(LIMITS), handle, clock, log)
  const open = (port: number) => openTcpListeners<Server>({ port, bind, createServer, field: 'PHONEBOOT_ADMIN_BIND' })
  const listeners = await open(options.port).catch((error: unknown) => {
    const taken = error instanceof AppError && error.code === 'PORT_IN_USE'
    if (!taken || !options.portMayChange) throw error
    log.warn({ port: options.port }, 'the port of the admin page is in use, another one is taken; see the ready line')
    return open(0)
  })
  const forgetCertificates = certificates.onChange(() => {
    for (const server of listeners.servers)
      if ('setSecureContext' in server) (server as HttpsServer).setSecureContext(tls())
  })
  // A mistake in loading shows in the log at the first request; here it must not end the program.
  const cancel = spareTime.after(PRELOAD_MS, () => void load().catch(() => undefined))
  return {
    port: listeners.port,
    secure,
    stop: async () => {
      cancel()
      forgetCertificates()
      await stopServers(listeners.servers, clock)
    },
  }
}

/** Liveness and readiness for load balancers and supervisors: no sign-in, and nothing in them worth one. */
function answersHealth(
  { readiness, log }: AdminListenerOptions,
  { url = '', method }: IncomingMessage,
  response: ServerResponse,
): boolean {
  const path = url.split('?', 1)[0]
  if (path !== '/healthz' && path !== '/readyz') return false
  if (method !== 'GET' && method !== 'HEAD') end(response, 405, 'GET only\n', { Allow: 'GET, HEAD' })
  else if (path === '/healthz') end(response, 200, 'ok\n')
  else {
    readiness().then(
      ({ ready, parts }) =>
        end(response, ready ? 200 : 503, `${JSON.stringify({ ready, parts })}\n`, {
          'Content-Type': 'application/json',
        }),
      (error: unknown) => {
        log.error({ err: error }, 'readiness cannot be told')
        end(response, 500, 'internal error\n')
      },
    )
  }
  return true
}

function end(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  const length = String(Buffer.byteLength(text))
  const standard = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Length': length,
  }
  response.writeHead(status, { ...standard, 'X-Content-Type-Options': 'nosniff', ...headers }).end(text)
}

function prepare<S extends Server>(server: S, handle: RequestListener, clock: Clock, log: Log): S {
  server.maxConnections = MAX_CONNECTIONS
  server.on('request', handle)
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    log.debug({ peer: socket.remoteAddress, error: error.message }, 'a TLS handshake with the admin page failed')
  })
  server.on('clientError', (_error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable) socket.destroy()
    else closeSoon(socket, clock, 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  server.on('error', (error) => log.warn({ error: error.message }, 'admin listener error'))
  return server
}

/** Running answers may finish; streams of events are ended when the time is over. */
async function stopServers(servers: readonly Server[], clock: Clock): Promise<void> {
  const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  for (const server of servers) server.closeIdleConnections()
  const cancel = clock.after(STOP_GRACE_MS, () => {
    for (const server of servers) server.closeAllConnections()
  })
  await closed
  cancel()
}
