import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Random } from '../../src/domain/random.js'
import type { BadLink } from './lossy-udp-proxy.js'

/**
 * Losses of one phone's packets in a row without an answer that reached it: more than eleven end its patience (Timer F,
 * RFC 3261 §17.1.2.2), which is a matter of chance and not of the registrar.
 */
const MOST_LOST_IN_A_ROW = 6
/** How much later a packet that is late arrives: behind those that were sent after it. */
const LATE_MS = 40

interface Phone {
  readonly socket: Socket
  lostInARow: number
}

/**
 * A bad link in front of a SIP registrar on 127.0.0.1, in both directions and from the first packet on. Each phone gets
 * a port of its own towards the registrar, as behind a NAT.
 */
export class LossySipRelay {
  readonly #front = createSocket('udp4')
  readonly #phones = new Map<number, Phone>()
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Packets that were lost, doubled, late. */
  readonly harmed = { lost: 0, doubled: 0, late: 0 }

  private constructor(
    private readonly serverPort: number,
    private readonly link: BadLink,
    private readonly random: Random,
  ) {
    this.#front.on('message', (data, { address, port }) => {
      const phone = this.#phone(port, address)
      this.#pass(phone, () => phone.socket.send(data, this.serverPort, '127.0.0.1'))
    })
  }

  static async open(serverPort: number, link: BadLink, random: Random): Promise<LossySipRelay> {
    const relay = new LossySipRelay(serverPort, link, random)
    relay.#front.bind(0, '127.0.0.1')
    await once(relay.#front, 'listening')
    return relay
  }

  get port(): number {
    return this.#front.address().port
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of [this.#front, ...[...this.#phones.values()].map((phone) => phone.socket)]) socket.close()
  }

  #phone(port: number, address: string): Phone {
    const known = this.#phones.get(port)
    if (known) return known
    const phone = { socket: createSocket('udp4'), lostInARow: 0 }
    phone.socket.on('message', (data) => {
      this.#pass(phone, () => {
        phone.lostInARow = 0
        this.#front.send(data, port, address)
      })
    })
    this.#phones.set(port, phone)
    return phone
  }

  #pass(phone: Phone, send: () => void): void {
    const [high = 0, low = 0] = this.random.bytes(2)
    const chance = ((high * 256 + low) / 65_536) * 100
    const { lost, doubled, late } = this.link
    if (chance < lost && phone.lostInARow < MOST_LOST_IN_A_ROW) {
      this.harmed.lost += 1
      phone.lostInARow += 1
    } else if (chance >= lost && chance < lost + doubled) {
      this.harmed.doubled += 1
      send()
      this.#later(send)
    } else if (chance >= lost && chance < lost + doubled + late) {
      this.harmed.late += 1
      this.#later(send)
    } else send()
  }

  #later(send: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      send()
    }, LATE_MS)
    this.#timers.add(timer)
  }
}
