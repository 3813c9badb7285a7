import type { Endpoint } from '../../network/udp.js'
import type { Flow } from '../flow.js'

/** How many connections there may be, over TCP, TLS and WebSocket together. */
export interface ConnectionLimits {
  connections: number
  /** A whole office may sit behind one address. */
  connectionsPerAddress: number
}

/** The connections of all SIP listeners: how many there are and from where, and the way back over each. */
export class OpenFlows {
  readonly #byAddress = new Map<string, number>()
  readonly #flows = new Map<string, Flow>()
  #count = 0

  /** @param refuses who is not even connected to; asked for each connection, so it must be cheap */
  constructor(
    private readonly limits: ConnectionLimits,
    private readonly refuses: (remote: Endpoint) => boolean = () => false,
  ) {}

  /** Connections that were counted in and not out. */
  get size(): number {
    return this.#count
  }

  /**
   * Counts a connection in, before anything of it is read.
   * @returns what counts it out again, to be called once; undefined when it must be ended
   */
  enter(remote: Endpoint): (() => void) | undefined {
    const { address } = remote
    const { connections, connectionsPerAddress } = this.limits
    const others = this.#byAddress.get(address) ?? 0
    if (this.#count >= connections || others >= connectionsPerAddress || this.refuses(remote)) return undefined
    this.#count += 1
    this.#byAddress.set(address, others + 1)
    return () => {
      this.#count -= 1
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left > 0) this.#byAddress.set(address, left)
      else this.#byAddress.delete(address)
    }
  }

  /** Remembers the way back. @returns what forgets it */
  open(flow: Flow): () => void {
    const key = endsKey(flow.transport, flow.remote, flow.local.address)
    this.#flows.set(key, flow)
    return () => {
      if (this.#flows.get(key) === flow) this.#flows.delete(key)
    }
  }

  /** The connection between these two ends, while it is there. */
  find(transport: Flow['transport'], remote: Endpoint, localAddress: string): Flow | undefined {
    return this.#flows.get(endsKey(transport, remote, localAddress))
  }
}

function endsKey(transport: Flow['transport'], { address, port }: Endpoint, localAddress: string): string {
  return `${transport} ${address} ${port} ${localAddress}`
}
