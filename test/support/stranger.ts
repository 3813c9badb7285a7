import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'

const ANSWER_WITHIN_MS = 1_500

/** Somebody at a loopback address of his own who talks to the server at 127.0.0.1. */
export class Stranger {
  #socket: Socket | undefined

  constructor(readonly address: string) {}

  /** Sends text over TCP and gives all that comes back: '' when the server ended the connection without a word. */
  async tcp(port: number, text: string): Promise<string> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: this.address })
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => (received += chunk))
    socket.on('error', () => undefined)
    socket.write(text, 'latin1')
    // A reset is an answer, too.
    await new Promise((resolve) => socket.on('close', resolve))
    return received
  }

  /** GET, one connection each. */
  get(port: number, path: string, headers = ''): Promise<string> {
    return this.tcp(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`)
  }

  /** One datagram, and the first one that comes back; undefined: silence. */
  async udp(port: number, data: Buffer | string): Promise<Buffer | undefined> {
    const socket = await this.#open()
    const text = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
    return new Promise((resolve) => {
      const done = (answer: Buffer | undefined): void => {
        clearTimeout(timer)
        socket.removeListener('message', done)
        resolve(answer)
      }
      const timer = setTimeout(() => done(undefined), ANSWER_WITHIN_MS)
      socket.once('message', done)
      socket.send(text, port, '127.0.0.1')
    })
  }

  /** A TFTP read request from a port of its own. */
  async rrq(port: number, name: string): Promise<Buffer | undefined> {
    this.close()
    return this.udp(port, Buffer.from(`\0\x01${name}\0octet\0`, 'latin1'))
  }

  close(): void {
    this.#socket?.close()
    this.#socket = undefined
  }

  async #open(): Promise<Socket> {
    if (this.#socket) return this.#socket
    const socket = createSocket('udp4')
    socket.bind(0, this.address)
    await once(socket, 'listening')
    return (this.#socket = socket)
  }
}
