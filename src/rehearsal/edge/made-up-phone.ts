import { once } from 'node:events'
import { connect } from 'node:net'
import { createSocket } from '../../network/edge/udp-listeners.js'
import type { Endpoint } from '../../network/udp.js'
import { encodePacket } from '../../tftp/packet.js'
import { authorizationFor, getText, registerText, type Account } from '../messages.js'

/** Longer than that nobody waits for an answer of this very process. */
const PATIENCE_MS = 2_000
const STATUS_200 = 'HTTP/1.1 200'
const TFTP_DATA = 3
const TFTP_BLOCK_BYTES = 512

/** Fetches a file by HTTP on a connection of its own; true when it is given one. */
export async function getByHttp(server: Endpoint, file: string, userAgent: string): Promise<boolean> {
  let isGiven: boolean | undefined
  const socket = connect({ host: server.address, port: server.port, timeout: PATIENCE_MS })
  socket.on('timeout', () => socket.destroy())
  socket.on('data', (data) => (isGiven ??= data.toString('latin1', 0, STATUS_200.length) === STATUS_200))
  socket.on('error', () => undefined)
  socket.write(getText(file, server.address, userAgent))
  await once(socket, 'close')
  return isGiven ?? false
}

/** Fetches a file by TFTP (RFC 1350); true when it is given one. */
export function getByTftp(server: Endpoint, file: string): Promise<boolean> {
  return talk(server.address, (send, end) => {
    send(encodePacket({ kind: 'read', fileName: file, mode: 'octet', options: [] }), server)
    return (data, from) => {
      if (data[1] !== TFTP_DATA) return end(false)
      send(Buffer.from([0, 4, data[2] ?? 0, data[3] ?? 0]), from)
      if (data.length < 4 + TFTP_BLOCK_BYTES) end(true)
    }
  })
}

/** Registers: 401, digest, 200; true when it did. @param id different each time */
export function register(server: Endpoint, account: Account, id: string): Promise<boolean> {
  return talk(server.address, (send, end, localPort) => {
    const say = (cseq: number, authorization?: string): void => {
      const text = registerText({
        ...{ account, server, localPort, id, cseq },
        ...(authorization === undefined ? {} : { authorization }),
      })
      send(Buffer.from(text, 'latin1'), server)
    }
    say(1)
    return (data) => {
      const answer = data.toString('latin1')
      const authorization = authorizationFor(answer, account, server.address, id)
      if (authorization === undefined) end(answer.startsWith('SIP/2.0 200'))
      else say(2, authorization)
    }
  })
}

type Send = (data: Uint8Array, to: Endpoint) => void
type Receive = (data: Buffer, from: Endpoint) => void

/** A conversation from a socket of its own, until it calls `end` or nothing comes any more; resolves to its success. */
async function talk(
  address: string,
  begin: (send: Send, end: (isGood: boolean) => void, localPort: number) => Receive,
): Promise<boolean> {
  const opened = createSocket(address)
  const { socket } = opened
  socket.on('error', () => undefined)
  try {
    await opened.bind({ address, port: 0, exclusive: true })
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), PATIENCE_MS)
      const end = (isGood: boolean): void => {
        clearTimeout(timer)
        resolve(isGood)
      }
      const receive = begin((data, to) => socket.send(data, to.port, to.address), end, socket.address().port)
      socket.on('message', (data, { address: sender, port }) => receive(data, { address: sender, port }))
    })
  } finally {
    await opened.close().catch(() => undefined)
  }
}
