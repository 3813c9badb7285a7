import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'

const CLOSED_WITHIN_MS = 1_500

/** Sends datagrams from sockets of one address, and hands over what comes back. */
export class UdpGun {
  private constructor(
    private readonly sockets: readonly Socket[],
    readonly address: string,
  ) {}

  /** @param answer what to send back to the sender of an answer; nothing when undefined */
  static async open(address: string, count: number, answer: (data: Buffer) => Buffer | undefined): Promise<UdpGun> {
    const sockets = Array.from({ length: count }, () => createSocket('udp4'))
    for (const socket of sockets) {
      socket.on('message', (data, { address: from, port }) => {
        const back = answer(data)
        if (back) socket.send(back, port, from)
      })
      socket.bind(0, address)
      await once(socket, 'listening')
    }
    return new UdpGun(sockets, address)
  }

  send(which: number, data: Buffer, port: number): void {
    // Too long for a datagram: the error is the answer.
    this.sockets[which % this.sockets.length]?.send(data, port, '127.0.0.1', () => undefined)
  }

  close(): void {
    for (const socket of this.sockets) socket.close()
  }
}

export interface Pour {
  port: number
  from: string
  segments: readonly Buffer[]
  /** Breaks the connection off instead of ending it. */
  rude: boolean
}

/** One TCP connection: the segments one after the other, then the end. Gives what came back. */
export function pour({ port, from, segments, rude }: Pour): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true })
    const pieces: Buffer[] = []
    const timer = setTimeout(() => socket.destroy(), CLOSED_WITHIN_MS)
    socket.on('data', (piece) => pieces.push(piece))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(pieces))
    })
    const write = (index: number): void => {
      const segment = segments[index]
      if (socket.destroyed) return
      if (segment) socket.write(segment, () => setImmediate(write, index + 1))
      else if (rude) socket.resetAndDestroy()
      else socket.end()
    }
    socket.on('connect', () => write(0))
  })
}
