import type { Server } from 'node:net'
import { AppError } from '../../domain/errors.js'
import { addressFamily, formatEndpoint, type Bind } from '../address.js'

/** How often another free number is tried when the first one is taken on one of the addresses. */
const FREE_PORT_ATTEMPTS = 30
const BACKLOG = 4096

/** One TCP port on several addresses, a server each. */
export interface TcpListeners<S extends Server> {
  readonly port: number
  readonly servers: readonly S[]
}

export interface TcpListenersOptions<S extends Server> {
  /** 0 = any number that is free on all the addresses. */
  port: number
  /** `all`: 0.0.0.0 and, where the machine has IPv6, `::` on a socket of its own. */
  bind: Bind
  /** Makes one more server; it must not listen yet. */
  createServer: () => S
  /** The setting that names the addresses; default PHONEBOOT_BIND. */
  field?: string
}

/**
 * Listens on one port on every wanted address.
 * @throws AppError PORT_IN_USE, PORT_FORBIDDEN; CONFIG_INVALID when an address named in `bind` is not this machine's.
 * Nothing is left open then.
 */
export async function openTcpListeners<S extends Server>(options: TcpListenersOptions<S>): Promise<TcpListeners<S>> {
  const attempts = options.port === 0 ? FREE_PORT_ATTEMPTS : 1
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openAll(options)
    } catch (error) {
      const taken = error instanceof AppError && error.code === 'PORT_IN_USE'
      if (!taken || attempt === attempts) throw error
    }
  }
}

async function openAll<S extends Server>({
  port,
  bind,
  createServer,
  field = 'PHONEBOOT_BIND',
}: TcpListenersOptions<S>): Promise<TcpListeners<S>> {
  const servers: S[] = []
  let bound = port
  try {
    for (const address of bind === 'all' ? ['0.0.0.0', '::'] : new Set(bind)) {
      const server = createServer()
      try {
        bound = await listen(server, address, bound)
        servers.push(server)
      } catch (error) {
        const withoutIpv6 = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(errorCode(error))
        if (!(bind === 'all' && address === '::' && withoutIpv6)) throw asAppError(error, address, bound, field)
      }
    }
    return { port: bound, servers }
  } catch (error) {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    throw error
  }
}

function listen(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const ipv6Only = addressFamily(address) === 6
    server.listen({ host: address, port, ipv6Only, backlog: BACKLOG, exclusive: true }, () => {
      server.off('error', reject)
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
  })
}

function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

function asAppError(error: unknown, address: string, port: number, field: string): unknown {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new AppError('PORT_IN_USE', `TCP port ${port} is in use on ${address}.`, {
        hint: `See who has it: ss -ltnp 'sport = :${port}'`,
      })
    case 'EACCES':
    case 'EPERM':
      return new AppError('PORT_FORBIDDEN', `This user may not listen on TCP port ${port}.`, {
        hint: 'Give the service CAP_NET_BIND_SERVICE, or choose a port above 1023.',
      })
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
    case 'ENOTFOUND':
      return new AppError('CONFIG_INVALID', `${formatEndpoint({ address, port })} is no address of this machine.`, {
        field,
      })
    default:
      return error
  }
}
