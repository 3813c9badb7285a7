import type { Socket } from 'node:net'
import { normaliseAddress } from '../../network/address.js'
import type { HttpGuard } from './http-guard.js'

/** The connections of all HTTP and HTTPS listeners by the address they come from. */
export class ClientConnections {
  readonly #byAddress = new Map<string, Set<Socket>>()

  constructor(
    private readonly mostPerAddress: number,
    private readonly guard: HttpGuard | undefined,
  ) {}

  /** Takes a connection, or ends it before anything of it is read. */
  accept(socket: Socket): void {
    const address = normaliseAddress(socket.remoteAddress ?? '')
    if (address === undefined) return
    const others = this.#byAddress.get(address)
    const tooMany = (others?.size ?? 0) >= this.mostPerAddress
    if ((tooMany || this.guard?.refuses(address)) && !this.guard?.isProxy(address)) {
      socket.destroy()
      return
    }
    if (others) others.add(socket)
    else this.#byAddress.set(address, new Set([socket]))
    socket.once('close', () => this.#forget(address, socket))
  }

  /** Ends connections that were not given a byte yet; what is being answered goes on. */
  dropUnanswered(isMeant: (address: string) => boolean): void {
    for (const [address, sockets] of this.#byAddress) {
      if (!isMeant(address) || this.guard?.isProxy(address)) continue
      for (const socket of sockets) if (socket.bytesWritten === 0) socket.destroy()
    }
  }

  #forget(address: string, socket: Socket): void {
    const sockets = this.#byAddress.get(address)
    sockets?.delete(socket)
    if (sockets?.size === 0) this.#byAddress.delete(address)
  }
}
