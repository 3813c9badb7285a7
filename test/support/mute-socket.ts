import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/**
 * A connection as Node's TLS sometimes leaves it when the peer has reset it: what is written is never told to be out, nor
 * to have failed. `hear` is what the peer sent before.
 */
export class MuteSocket extends Duplex {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 40_000
  readonly localAddress = '127.0.0.1'
  readonly localPort = 443
  written = ''

  constructor({ allowHalfOpen }: { allowHalfOpen: boolean }) {
    super({ allowHalfOpen })
  }

  get asSocket(): Socket {
    return this as unknown as Socket
  }

  override _read(): void {
    // It is told what comes in.
  }

  override _write(chunk: Buffer): void {
    this.written += chunk.toString('latin1')
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  /** What comes in; resolves when it has been dealt with. */
  async hear(text: string): Promise<void> {
    this.push(Buffer.from(text, 'latin1'))
    await turn()
  }

  /** The peer hangs up. */
  async hangUp(): Promise<void> {
    const ended = once(this, 'end')
    this.push(null)
    await ended
    await turn()
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
