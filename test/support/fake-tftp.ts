import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const ERROR_NOT_FOUND = Buffer.from([0, 5, 0, 1, 0x6e, 0x6f, 0])

/** A tiny TFTP server on loopback: files below 512 bytes in one block, error 1 for the rest. */
export async function fakeTftp(files: ReadonlyMap<string, string>): Promise<{
  port: number
  /** `address file` of every read request. */
  asked: string[]
  close(): Promise<void>
}> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (packet, from) => {
    if (packet.readUInt16BE(0) !== 1) return
    const name = packet.toString('utf8', 2, packet.indexOf(0, 2))
    asked.push(`${from.address} ${name}`)
    const content = files.get(name)
    const answer =
      content === undefined ? ERROR_NOT_FOUND : Buffer.concat([Buffer.from([0, 3, 0, 1]), Buffer.from(content)])
    if (answer.length >= 516) throw new Error(`${name} is longer than one block`)
    socket.send(answer, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const close = (): Promise<void> => new Promise((resolve) => socket.close(() => resolve()))
  return { port: socket.address().port, asked, close }
}
