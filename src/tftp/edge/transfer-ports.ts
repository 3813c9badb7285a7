import type { SocketAsPromised } from 'dgram-as-promised'
import { randomInt } from 'node:crypto'
import type { Clock, Millis } from '../../domain/clock.js'
import type { Endpoint } from '../../network/udp.js'
import { bindTransferSocket, TransferSocket, type ClientPort } from './transfer-socket.js'

/** Ports that transfers may use, both ends included: what a firewall has to let through (decision 13). */
export interface PortRange {
  from: number
  to: number
}

/** How long a late packet may still wander about: a port is not given to the same client again before. */
const QUARANTINE_MS = 10_000
const MAX_QUARANTINED = 20_000
const ATTEMPTS_ANY_PORT = 8
/**
 * Sockets per local address that many transfers share. A forger who is to hit the one port of a transfer sends this
 * many ACKs for one block, so that with small blocks he pays more than he makes us send.
 */
const SHARED_SOCKETS = 32
/** Strangers told so in a second, all in all: their addresses may be forged too. */
const ERRORS_PER_SECOND = 100

export interface TransferPortsOptions {
  range?: PortRange | undefined
  clock: Clock
  /** Local addresses that are still there; sockets on others are let go. */
  present?: () => readonly string[]
}

/** A shared socket, once somebody asked for it. */
type Slot = Promise<TransferSocket | undefined> | undefined

/**
 * Gives each transfer its port: client and server port together tell transfers apart (RFC 1350 §4), so that one socket
 * carries those of many clients, and never two of one client.
 */
export class TransferPorts {
  readonly #range: PortRange | undefined
  readonly #clock: Clock
  readonly #present: () => readonly string[]
  /** Ports there are to choose from. */
  readonly #size: number
  #next: number
  readonly #shared = new Map<string, Slot[]>()
  readonly #alone = new Set<TransferSocket>()
  /** Server port and client -> when it may be used again. Insertion order is order of expiry. */
  readonly #quarantine = new Map<string, Millis>()
  #errors = { second: 0, count: 0 }

  constructor({ range, clock, present }: TransferPortsOptions) {
    this.#range = range
    this.#clock = clock
    this.#present = present ?? (() => [...this.#shared.keys()])
    this.#size = range ? range.to - range.from + 1 : Infinity
    this.#next = range?.from ?? 0
  }

  /** Sockets that are open. */
  get sockets(): number {
    return [...this.#shared.values()].flat().filter((slot) => slot !== undefined).length + this.#alone.size
  }

  /**
   * @param alone a port that no other transfer has, where there is one left: for transfers that send much for one ACK
   * @throws when no port can be had: the range is used up, or the process has no file handle left.
   */
  async open(localAddress: string, client: Endpoint, alone = false): Promise<ClientPort> {
    const own = alone ? await this.#openAlone(localAddress, client) : undefined
    const port = own ?? (await this.#share(localAddress, client)) ?? (await this.#openAlone(localAddress, client))
    if (port) return port
    throw new Error(this.#range ? `no free port in ${this.#range.from}-${this.#range.to}` : 'no free port')
  }

  /** Closes every socket; transfers on them are over. */
  async close(): Promise<void> {
    const sockets = [...this.#alone]
    for (const slots of this.#shared.values()) {
      for (const slot of slots) {
        const socket = await slot?.catch(() => undefined)
        if (socket) sockets.push(socket)
      }
    }
    this.#shared.clear()
    this.#alone.clear()
    await Promise.all(sockets.map((socket) => socket.close()))
  }

  /** A port of the shared sockets, from one of them at random on. */
  async #share(localAddress: string, client: Endpoint): Promise<ClientPort | undefined> {
    const slots = this.#slotsOf(localAddress)
    const first = randomInt(slots.length)
    let isFull = false
    for (let count = 0; count < slots.length; count += 1) {
      const at = (first + count) % slots.length
      if (isFull && slots[at] === undefined) continue
      const socket = await (slots[at] ??= this.#openSlot(slots, at, localAddress))
      if (!socket) isFull = true
      else if (!socket.has(client) && !this.#isQuarantined(socket, client)) return this.#give(socket, client)
    }
    return undefined
  }

  #slotsOf(localAddress: string): Slot[] {
    const known = this.#shared.get(localAddress)
    if (known) return known
    this.#dropVanished()
    const slots = Array<Slot>(Math.min(SHARED_SOCKETS, this.#size)).fill(undefined)
    this.#shared.set(localAddress, slots)
    return slots
  }

  async #openSlot(slots: Slot[], at: number, localAddress: string): Promise<TransferSocket | undefined> {
    const close = (): void => {
      slots[at] = undefined
    }
    try {
      const socket = await this.#bindNext(localAddress)
      if (!socket) close()
      return socket
    } catch (error) {
      close()
      throw error
    }
  }

  async #openAlone(localAddress: string, client: Endpoint): Promise<ClientPort | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS_ANY_PORT; attempt += 1) {
      // A range is for the shared sockets first: they serve everybody.
      const socket = this.#alone.size < this.#size - SHARED_SOCKETS ? await this.#bindNext(localAddress) : undefined
      if (!socket) return undefined
      if (!this.#isQuarantined(socket, client)) {
        this.#alone.add(socket)
        return this.#give(socket, client)
      }
      await socket.close()
    }
    return undefined
  }

  /** @returns undefined when every port of the range is somebody's. */
  async #bindNext(localAddress: string): Promise<TransferSocket | undefined> {
    const attempts = this.#range ? this.#size : ATTEMPTS_ANY_PORT
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const socket = await bindTransferSocket(localAddress, this.#nextPort())
      if (socket) return this.#transferSocket(socket)
    }
    return undefined
  }

  #transferSocket(socket: SocketAsPromised): TransferSocket {
    return new TransferSocket(socket, (own, stranger) => !this.#isQuarantined(own, stranger) && this.#mayTell())
  }

  #give(socket: TransferSocket, client: Endpoint): ClientPort {
    return socket.use(client, () => this.#release(socket, client))
  }

  /** Late packets of this client find nobody there until the quarantine is over. */
  #release(socket: TransferSocket, client: Endpoint): void {
    const now = this.#clock.now()
    this.#quarantine.set(quarantineKey(socket, client), now + QUARANTINE_MS)
    for (const [key, until] of this.#quarantine) {
      if (until > now && this.#quarantine.size <= MAX_QUARANTINED) break
      this.#quarantine.delete(key)
    }
    if (this.#alone.delete(socket)) void socket.close()
  }

  #dropVanished(): void {
    const present = this.#present()
    for (const [address, slots] of this.#shared) {
      if (present.includes(address)) continue
      this.#shared.delete(address)
      for (const slot of slots) {
        void slot?.then(
          (socket) => socket?.close(),
          () => undefined,
        )
      }
    }
  }

  #nextPort(): number {
    if (!this.#range) return 0
    const port = this.#next
    this.#next = port >= this.#range.to ? this.#range.from : port + 1
    return port
  }

  #isQuarantined(socket: TransferSocket, client: Endpoint): boolean {
    const until = this.#quarantine.get(quarantineKey(socket, client))
    return until !== undefined && until > this.#clock.now()
  }

  #mayTell(): boolean {
    const second = Math.floor(this.#clock.now() / 1000)
    if (this.#errors.second !== second) this.#errors = { second, count: 0 }
    this.#errors.count += 1
    return this.#errors.count <= ERRORS_PER_SECOND
  }
}

function quarantineKey({ address, port }: TransferSocket, client: Endpoint): string {
  return `${address} ${port} ${client.address} ${client.port}`
}
