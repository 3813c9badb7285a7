import type { SocketAsPromised } from 'dgram-as-promised'
import { createSocket } from '../../network/edge/udp-listeners.js'
import type { Endpoint } from '../../network/udp.js'
import { decodePacket, encodePacket, TFTP_ERROR } from '../packet.js'

/** One client's use of a server port. */
export interface ClientPort {
  /** Whatever this client sends to this port. Set before the first packet is sent. */
  receive: (data: Uint8Array) => void
  /** Fire and forget: a packet that cannot be sent is a lost packet. */
  send(packet: Uint8Array): void
  /** To be called once: late packets of this client are those of a stranger then. */
  release(): void
}

interface Client extends ClientPort {
  readonly address: string
}

const UNKNOWN_TRANSFER = encodePacket({
  kind: 'error',
  code: TFTP_ERROR.unknownTransferId,
  message: 'Unknown transfer ID',
})

/** A socket whose packets are told apart by who sent them. */
export class TransferSocket {
  readonly address: string
  readonly port: number
  readonly #socket: SocketAsPromised
  /** By the client's port, for that is a number; few clients have the same. */
  readonly #clients = new Map<number, Client[]>()
  readonly #mayTell: (own: TransferSocket, stranger: Endpoint) => boolean

  /** @param mayTell whether a stranger is told that he is none */
  constructor(socket: SocketAsPromised, mayTell: (own: TransferSocket, stranger: Endpoint) => boolean) {
    this.#socket = socket
    this.#mayTell = mayTell
    const { address, port } = socket.socket.address()
    this.address = address
    this.port = port
    socket.socket.on('message', (data, from) => this.#onMessage(data, from))
  }

  has({ address, port }: Endpoint): boolean {
    return this.#find(address, port) !== undefined
  }

  use(endpoint: Endpoint, onRelease: () => void): ClientPort {
    const { port, address } = endpoint
    const client: Client = {
      address,
      receive: () => undefined,
      send: (packet) => this.#send(packet, endpoint),
      release: () => {
        const others = this.#clients.get(port)?.filter((other) => other !== client) ?? []
        if (others.length > 0) this.#clients.set(port, others)
        else this.#clients.delete(port)
        onRelease()
      },
    }
    this.#clients.set(port, [...(this.#clients.get(port) ?? []), client])
    return client
  }

  close(): Promise<void> {
    return this.#socket.close().catch(() => undefined)
  }

  #find(address: string, port: number): Client | undefined {
    return this.#clients.get(port)?.find((client) => client.address === address)
  }

  #onMessage(data: Uint8Array, from: Endpoint): void {
    const client = this.#find(from.address, from.port)
    if (client) client.receive(data)
    else this.#refuseStranger(data, from)
  }

  /**
   * RFC 1350 §4: a packet from another port is answered with error 5 and disturbs nothing. Node throws for port 0; an
   * error is never answered with an error.
   */
  #refuseStranger(data: Uint8Array, stranger: Endpoint): void {
    const packet = stranger.port === 0 ? undefined : decodePacket(data)
    if (packet && packet.kind !== 'error' && this.#mayTell(this, stranger)) this.#send(UNKNOWN_TRANSFER, stranger)
  }

  /** Without a callback: Node then makes no task per packet, and drops what the kernel refuses. */
  #send(packet: Uint8Array, to: Endpoint): void {
    try {
      this.#socket.socket.send(packet, to.port, to.address)
    } catch {
      return
    }
  }
}

/** @param port 0 = any. @returns undefined when another socket has the port. */
export async function bindTransferSocket(address: string, port: number): Promise<SocketAsPromised | undefined> {
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
