import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Random } from '../../src/domain/random.js'

/** Chances in percent of what may happen to a packet on its way. */
export interface BadLink {
  lost: number
  doubled: number
  /** Held back for some milliseconds, so that the next packet overtakes it. */
  late: number
}

/**
 * A bad link in front of a TFTP server on 127.0.0.1: real clients talk to the proxy's port, which gives each request a
 * port of its own as a server does. A request, the first answer to it and the ACK of that always pass: the client's
 * patience for a request is no matter of the transfer, and atftp aborts when an OACK comes twice.
 */
export class LossyTftpProxy {
  readonly #front = createSocket('udp4')
  readonly #sockets: Socket[] = [this.#front]
  readonly #timers = new Set<NodeJS.Timeout>()
  /** By the client's address and port: a request that comes again comes from the same port to the server too. */
  readonly #toServer = new Map<string, Socket>()
  /** Packets that were not simply passed on. */
  harmed = 0

  private constructor(
    private readonly serverPort: number,
    private readonly link: BadLink,
    private readonly random: Random,
  ) {
    this.#front.on('message', (request, { address, port }) => void this.#begin(request, address, port))
  }

  static async open(serverPort: number, link: BadLink, random: Random): Promise<LossyTftpProxy> {
    const proxy = new LossyTftpProxy(serverPort, link, random)
    proxy.#front.bind(0, '127.0.0.1')
    await once(proxy.#front, 'listening')
    return proxy
  }

  get port(): number {
    return this.#front.address().port
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of this.#sockets) socket.close()
  }

  async #begin(request: Buffer, address: string, port: number): Promise<void> {
    const key = `${address} ${port}`
    const known = this.#toServer.get(key)
    if (known) return known.send(request, this.serverPort, '127.0.0.1')
    const toClient = createSocket('udp4')
    const toServer = createSocket('udp4')
    this.#sockets.push(toClient, toServer)
    this.#toServer.set(key, toServer)
    let transferPort: number | undefined
    let isAcknowledged = false
    toServer.on('message', (data, from) => {
      const send = (): void => toClient.send(data, port, address)
      if (transferPort === undefined) send()
      else this.#pass(send)
      transferPort = from.port
    })
    toClient.on('message', (data, from) => {
      if (from.port !== port) return
      const send = (): void => toServer.send(data, transferPort, '127.0.0.1')
      if (isAcknowledged) this.#pass(send)
      else send()
      isAcknowledged = true
    })
    toClient.bind(0, '127.0.0.1')
    await once(toClient, 'listening')
    toServer.send(request, this.serverPort, '127.0.0.1')
  }

  #pass(send: () => void): void {
    const [high = 0, low = 0] = this.random.bytes(2)
    const chance = ((high * 256 + low) / 65536) * 100
    const { lost, doubled, late } = this.link
    if (chance < lost + doubled + late) this.harmed += 1
    if (chance < lost) return
    if (chance >= lost + doubled + late) return send()
    if (chance < lost + doubled) send()
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      send()
    }, 4)
    this.#timers.add(timer)
  }
}
