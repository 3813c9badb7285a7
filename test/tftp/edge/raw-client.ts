import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Endpoint } from '../../../src/network/udp.js'
import { decodePacket, encodePacket, type Option, type Packet } from '../../../src/tftp/packet.js'

/** A socket that speaks TFTP packet by packet, as a test wants it and as no client should. */
export class RawClient {
  readonly #queue: { packet: Packet; from: Endpoint }[] = []
  #wake: () => void = () => undefined
  readonly socket: Socket

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('message', (data, { address, port }) => {
      const packet = decodePacket(data)
      if (!packet) throw new Error(`the server sent garbage: ${data.toString('hex')}`)
      this.#queue.push({ packet, from: { address, port } })
      this.#wake()
    })
  }

  static async open(address = '127.0.0.1', port = 0): Promise<RawClient> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    socket.bind(port, address)
    await once(socket, 'listening')
    return new RawClient(socket)
  }

  get port(): number {
    return this.socket.address().port
  }

  /** Packets that came and were not taken yet. */
  get waiting(): number {
    return this.#queue.length
  }

  sendBytes(bytes: Uint8Array, to: Endpoint): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(bytes, to.port, to.address, (error) => (error ? reject(error) : resolve()))
    })
  }

  send(packet: Packet, to: Endpoint): Promise<void> {
    return this.sendBytes(encodePacket(packet), to)
  }

  ask(fileName: string, to: Endpoint, options: readonly Option[] = [], mode = 'octet'): Promise<void> {
    return this.send({ kind: 'read', fileName, mode, options }, to)
  }

  ack(block: number, to: Endpoint): Promise<void> {
    return this.send({ kind: 'ack', block }, to)
  }

  /** The next packet and who sent it. */
  async next(): Promise<{ packet: Packet; from: Endpoint }> {
    for (;;) {
      const first = this.#queue.shift()
      if (first) return first
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.socket.close()
  }
}
