import type { SocketAsPromised } from 'dgram-as-promised'
import { systemClock } from '../../domain/edge/system-clock.js'
import { AppError } from '../../domain/errors.js'
import { formatEndpoint } from '../../network/address.js'
import { createSocket } from '../../network/edge/udp-listeners.js'
import type { Endpoint } from '../../network/udp.js'
import { decodePacket, encodePacket, TFTP_ERROR, type Packet } from '../../tftp/packet.js'
import { newReceiver, stepReceiver, type ReceiverEnd, type ReceiverInput } from '../../tftp/receiver.js'

export interface FetchByTftp {
  /** IP address, not a name. */
  serverAddress: string
  serverPort: number
  file: string
  /** The simulated phone's own address. */
  localAddress: string
  /** For the whole file. */
  timeoutMs: number
  /** Asked for as option `blksize` and `windowsize`; left out: no option, as old phones do. */
  blockSize?: number
  windowSize?: number
}

/**
 * Fetches one file in octet mode from a chosen source address.
 * @throws AppError FILE_NOT_FOUND (error 1), SERVER_UNREACHABLE (no or no more answer, or any other error packet)
 */
export async function fetchByTftp(request: FetchByTftp): Promise<Buffer> {
  const socket = createSocket(request.localAddress)
  // A socket's error without a listener would end the process; the time-out tells of it.
  socket.socket.on('error', () => undefined)
  try {
    await socket.bind({ address: request.localAddress, port: 0, exclusive: true })
    return await receive(socket, request)
  } finally {
    await socket.close().catch(() => undefined)
  }
}

function receive(socket: SocketAsPromised, request: FetchByTftp): Promise<Buffer> {
  const asked: Endpoint = { address: request.serverAddress, port: request.serverPort }
  return new Promise((resolve, reject) => {
    let state = newReceiver(request.file, request)
    let server: Endpoint | undefined
    let cancel = (): void => undefined
    const pieces: Uint8Array[] = []
    const end = (ended: ReceiverEnd): void => {
      cancel()
      cancelLimit()
      if (ended.kind === 'received') resolve(Buffer.concat(pieces))
      else reject(asAppError(ended, asked, request.file))
    }
    const cancelLimit = systemClock.after(request.timeoutMs, () => end({ kind: 'timeout' }))
    const input = (received: ReceiverInput): void => {
      const step = stepReceiver(state, received, systemClock.now())
      state = step.state
      cancel()
      if (state.deadline !== undefined) {
        cancel = systemClock.after(Math.max(0, state.deadline - systemClock.now()), () => input({ kind: 'tick' }))
      }
      for (const output of step.outputs) {
        if (output.kind === 'send') send(socket, output.packet, server ?? asked)
        else if (output.kind === 'deliver') pieces.push(output.data)
        else end(output.end)
      }
    }
    socket.socket.on('message', (data, from) => {
      const packet = decodePacket(data)
      if (!packet || from.port === 0 || from.address !== asked.address) return
      // RFC 1350 §4: the first answer fixes the server's port; others are strangers.
      server ??= { address: from.address, port: from.port }
      if (from.port === server.port) input({ kind: 'packet', packet })
      else if (packet.kind !== 'error') send(socket, STRANGER, { address: from.address, port: from.port })
    })
    input({ kind: 'start' })
  })
}

const STRANGER: Packet = { kind: 'error', code: TFTP_ERROR.unknownTransferId, message: 'Unknown transfer ID' }

function send(socket: SocketAsPromised, packet: Packet, to: Endpoint): void {
  try {
    // Lost or not sent is the same: the receiver sends again.
    socket.socket.send(encodePacket(packet), to.port, to.address, () => undefined)
  } catch {
    return
  }
}

function asAppError(end: ReceiverEnd, server: Endpoint, file: string): AppError {
  const where = `${formatEndpoint(server)}, file ${file}`
  if (end.kind !== 'error') return new AppError('SERVER_UNREACHABLE', `TFTP: no answer from ${where}.`)
  const message = `TFTP: error ${end.code} (${end.message}) from ${where}.`
  return new AppError(end.code === TFTP_ERROR.fileNotFound ? 'FILE_NOT_FOUND' : 'SERVER_UNREACHABLE', message)
}
