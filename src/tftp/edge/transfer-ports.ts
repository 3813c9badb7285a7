import type { SocketAsPromised } from 'dgram-as-promised'
import type { Clock, Millis } from '../../domain/clock.js'
import { createSocket } from '../../network/edge/udp-listeners.js'
import type { Endpoint } from '../../network/udp.js'

/** Ports that transfers may use, both ends included: what a firewall has to let through (decision 13). */
export interface PortRange {
  from: number
  to: number
}

/** How long a late packet may still wander about: a port is not given to the same client again before. */
const QUARANTINE_MS = 10_000
const MAX_QUARANTINED = 20_000
const ATTEMPTS_ANY_PORT = 8

/** Opens the socket of a transfer: a port of its own on the address that the client asked. RFC 1350 §4. */
export class TransferPorts {
  readonly #range: PortRange | undefined
  readonly #clock: Clock
  #next: number
  /** Server port and client -> when it may be used again. Insertion order is order of expiry. */
  readonly #quarantine = new Map<string, Millis>()

  constructor(range: PortRange | undefined, clock: Clock) {
    this.#range = range
    this.#clock = clock
    this.#next = range?.from ?? 0
  }

  /** @throws when no port can be had: the range is used up, or the process has no file handle left. */
  async open(localAddress: string, client: Endpoint): Promise<SocketAsPromised> {
    const size = this.#range ? this.#range.to - this.#range.from + 1 : ATTEMPTS_ANY_PORT
    for (let attempt = 0; attempt < size; attempt += 1) {
      const port = this.#nextPort()
      if (port !== 0 && this.#isQuarantined(localAddress, port, client)) continue
      const socket = await bind(localAddress, port)
      if (!socket) continue
      if (!this.#isQuarantined(localAddress, socket.socket.address().port, client)) return socket
      await socket.close()
    }
    throw new Error(this.#range ? `no free port in ${this.#range.from}-${this.#range.to}` : 'no free port')
  }

  /** Ends the use of a port. Late packets of this client find nobody there until the quarantine is over. */
  async release(socket: SocketAsPromised, client: Endpoint): Promise<void> {
    const { address, port } = socket.socket.address()
    const now = this.#clock.now()
    this.#quarantine.set(quarantineKey(address, port, client), now + QUARANTINE_MS)
    for (const [key, until] of this.#quarantine) {
      if (until > now && this.#quarantine.size <= MAX_QUARANTINED) break
      this.#quarantine.delete(key)
    }
    await socket.close()
  }

  #nextPort(): number {
    if (!this.#range) return 0
    const port = this.#next
    this.#next = port >= this.#range.to ? this.#range.from : port + 1
    return port
  }

  #isQuarantined(localAddress: string, port: number, client: Endpoint): boolean {
    const until = this.#quarantine.get(quarantineKey(localAddress, port, client))
    return until !== undefined && until > this.#clock.now()
  }
}

/** @returns undefined when another socket has the port. */
async function bind(address: string, port: number): Promise<SocketAsPromised | undefined> {
  const socket = createSocket(address)
  // Without a listener an error of the socket would end the process; a lost packet is what resends are for.
  socket.socket.on('error', () => undefined)
  try {
    await socket.bind({ address, port, exclusive: true })
    return socket
  } catch (error) {
    await socket.close().catch(() => undefined)
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE') return undefined
    throw error
  }
}

function quarantineKey(localAddress: string, port: number, client: Endpoint): string {
  return `${localAddress} ${port} ${client.address} ${client.port}`
}
