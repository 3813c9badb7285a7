import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised'
import { networkInterfaces } from 'node:os'
import type { Clock } from '../../domain/clock.js'
import { systemClock } from '../../domain/edge/system-clock.js'
import { AppError } from '../../domain/errors.js'
import type { Log } from '../../observe/log.js'
import { addressesToBind, addressFamily, formatEndpoint, type Bind, type InterfaceAddress } from '../address.js'
import type { Datagram, Endpoint, UdpListeners } from '../udp.js'

/** How often the addresses of the machine are looked at again, in milliseconds. */
export const RESCAN_MS = 5_000
/** Free ports that are tried when one of the addresses has the first one taken. */
const FREE_PORT_ATTEMPTS = 30

export interface UdpListenersOptions {
  /** 0 = any port that is free on all the addresses. */
  port: number
  bind: Bind
  /** Receive buffer to ask the kernel for, in bytes; left out: the kernel's default. */
  receiveBufferBytes?: number
  clock?: Clock
  log: Log
  /** The machine's addresses; a test passes its own. */
  interfaces?: () => InterfaceAddress[]
}

/**
 * Opens one UDP socket per local address.
 * @throws AppError PORT_IN_USE, PORT_FORBIDDEN; CONFIG_INVALID when an address named in `bind` is not this machine's.
 */
export async function openUdpListeners(options: UdpListenersOptions): Promise<UdpListeners> {
  const listeners = new AddressSockets(options)
  await listeners.open()
  return listeners
}

class AddressSockets implements UdpListeners {
  port: number
  receiveBufferBytes = 0
  readonly #options: UdpListenersOptions
  readonly #log: Log
  readonly #clock: Clock
  readonly #sockets = new Map<string, SocketAsPromised>()
  readonly #handlers: ((datagram: Datagram) => void)[] = []
  #cancelRescan: () => void = () => undefined
  #rescanning: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: UdpListenersOptions) {
    this.#options = options
    this.port = options.port
    this.#log = options.log
    this.#clock = options.clock ?? systemClock
  }

  async open(): Promise<void> {
    const attempts = this.#options.port === 0 ? FREE_PORT_ATTEMPTS : 1
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#openAll()
        break
      } catch (error) {
        await this.#closeAll()
        this.port = this.#options.port
        const taken = error instanceof AppError && error.code === 'PORT_IN_USE'
        if (!taken || attempt === attempts) throw error
      }
    }
    this.#scheduleRescan()
  }

  addresses(): readonly string[] {
    return [...this.#sockets.keys()]
  }

  onDatagram(handle: (datagram: Datagram) => void): void {
    this.#handlers.push(handle)
  }

  send(data: Uint8Array, remote: Endpoint, localAddress: string): void {
    const socket = this.#sockets.get(localAddress)
    // Node throws for port 0, which a forged datagram can bring in (docs/decisions/0003).
    if (!socket || remote.port === 0) return
    try {
      // Without a callback Node sends at once, makes no promise of it, and drops what the system refuses: UDP may.
      socket.socket.send(data, remote.port, remote.address)
    } catch (error) {
      this.#log.debug({ remote: formatEndpoint(remote), error: String(error) }, 'a datagram was not sent')
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRescan()
    await this.#rescanning
    await this.#closeAll()
  }

  async #openAll(): Promise<void> {
    const wanted = this.#wanted()
    for (const address of wanted) {
      try {
        await this.#openOne(address)
      } catch (error) {
        const vanished = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(errorCode(error))
        if (this.#options.bind !== 'all' || !vanished) throw asAppError(error, address, this.port)
        this.#log.warn({ address, error: String(error) }, 'cannot listen on this address for now')
      }
    }
    if (this.#sockets.size === 0) {
      throw new AppError('CONFIG_INVALID', 'There is no local address to listen on.', { field: 'PHONEBOOT_BIND' })
    }
  }

  async #openOne(address: string): Promise<void> {
    const socket = createSocket(address)
    try {
      const bound = await socket.bind({ address, port: this.port, exclusive: true })
      this.port = bound.port
      this.#setReceiveBuffer(socket)
    } catch (error) {
      await socket.close().catch(() => undefined)
      throw error
    }
    // Without a listener an error of the socket would end the process.
    socket.socket.on('error', (error) => this.#log.warn({ address, error: error.message }, 'UDP socket error'))
    const local = { address, port: this.port }
    socket.socket.on('message', (data, { address: sender, port }) => {
      if (port !== 0) this.#hand({ data, remote: { address: sender, port }, local })
    })
    this.#sockets.set(address, socket)
  }

  #hand(datagram: Datagram): void {
    for (const handle of this.#handlers) {
      try {
        handle(datagram)
      } catch (error) {
        // One datagram must never end the process, whatever it holds.
        this.#log.error({ err: error, remote: formatEndpoint(datagram.remote) }, 'a datagram was not handled')
      }
    }
  }

  #setReceiveBuffer(socket: SocketAsPromised): void {
    const wanted = this.#options.receiveBufferBytes
    try {
      if (wanted !== undefined) socket.socket.setRecvBufferSize(wanted)
    } catch (error) {
      this.#log.debug({ wanted, error: String(error) }, 'the receive buffer could not be set')
    }
    const granted = grantedReceiveBuffer(socket)
    this.receiveBufferBytes = this.#sockets.size === 0 ? granted : Math.min(this.receiveBufferBytes, granted)
  }

  #scheduleRescan(): void {
    if (this.#closed) return
    this.#cancelRescan = this.#clock.after(RESCAN_MS, () => {
      this.#rescanning = this.#rescan().finally(() => this.#scheduleRescan())
    })
  }

  async #rescan(): Promise<void> {
    // Addresses named by the operator stay open: the kernel keeps them usable over an interface that flaps.
    const wanted = this.#wanted()
    for (const [address, socket] of this.#sockets) {
      if (wanted.includes(address)) continue
      this.#sockets.delete(address)
      await socket.close().catch(() => undefined)
      this.#log.info({ address, port: this.port }, 'address gone, no longer listening on it')
    }
    for (const address of wanted) {
      if (this.#sockets.has(address) || this.#closed) continue
      try {
        await this.#openOne(address)
        this.#log.info({ address, port: this.port }, 'new address, listening on it')
      } catch (error) {
        this.#log.warn({ address, port: this.port, error: String(error) }, 'cannot listen on a new address')
      }
    }
  }

  #wanted(): string[] {
    return addressesToBind(this.#options.bind, (this.#options.interfaces ?? presentAddresses)())
  }

  async #closeAll(): Promise<void> {
    const open = [...this.#sockets.values()]
    this.#sockets.clear()
    await Promise.all(open.map((socket) => socket.close().catch(() => undefined)))
  }
}

/**
 * A UDP socket for one address, not yet bound. Addresses are never looked up as names.
 * Receive by `.socket.on('message')` only (docs/decisions/0003-udp-by-event.md).
 */
export function createSocket(address: string): SocketAsPromised {
  const family = addressFamily(address)
  return DgramAsPromised.createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    lookup: (hostname, _options, callback) => callback(null, hostname, family),
  })
}

/** Bytes of the receive buffer. Linux reports twice what it granted (socket(7), SO_RCVBUF). */
function grantedReceiveBuffer(socket: SocketAsPromised): number {
  const reported = socket.socket.getRecvBufferSize()
  return process.platform === 'linux' ? reported / 2 : reported
}

function presentAddresses(): InterfaceAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
}

function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

function asAppError(error: unknown, address: string, port: number): unknown {
  const where = formatEndpoint({ address, port })
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new AppError('PORT_IN_USE', `UDP port ${port} is in use on ${address}.`, {
        hint: `See who has it: ss -lunp 'sport = :${port}'`,
      })
    case 'EACCES':
    case 'EPERM':
      return new AppError('PORT_FORBIDDEN', `This user may not listen on UDP port ${port}.`, {
        hint: 'Give the service CAP_NET_BIND_SERVICE, or choose a port above 1023.',
      })
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return new AppError('CONFIG_INVALID', `${where} is no address of this machine.`, { field: 'PHONEBOOT_BIND' })
    default:
      return error
  }
}
