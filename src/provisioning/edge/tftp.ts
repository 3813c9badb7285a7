import type { Clock } from '../../domain/clock.js'
import { openTftpServer, type TftpServer, type TftpServerOptions } from '../../tftp/edge/server.js'
import type { TftpContent, TftpFinished, TftpHandler } from '../../tftp/handler.js'
import { TFTP_ERROR } from '../../tftp/packet.js'
import type { Delivered, Delivery, Provisioning } from '../delivery.js'

export interface PhoneTftpOptions extends Omit<TftpServerOptions, 'handle' | 'clock'> {
  provisioning: Provisioning
  /** Time of day, for events; transfers have a clock that nobody sets. */
  clock: Clock
}

/**
 * Starts the TFTP side of provisioning.
 * @throws AppError PORT_IN_USE, PORT_FORBIDDEN, CONFIG_INVALID
 */
export function startPhoneTftpServer({ provisioning, clock, ...options }: PhoneTftpOptions): Promise<TftpServer> {
  return openTftpServer({ ...options, handle: provisioningByTftp(provisioning, clock) })
}

/** The provisioning pipeline as what the TFTP server asks: the same files and bytes as over HTTP. */
export function provisioningByTftp(provisioning: Provisioning, clock: Clock): TftpHandler {
  return ({ operation, path, peer, local }) => {
    const { delivery, finish } = provisioning.deliver({
      transport: 'tftp',
      operation,
      path,
      peerAddress: peer.address,
      // UDP carries no forwarding headers: the source address is all there is.
      peerAddressProven: true,
      localAddress: local.address,
      localPort: local.port,
      receivedAt: clock.now(),
    })
    return { ...asContent(delivery), onFinished: (finished) => finish(asDelivered(delivery, finished)) }
  }
}

function asContent(delivery: Delivery): TftpContent {
  switch (delivery.kind) {
    case 'bytes':
      return { kind: 'bytes', bytes: delivery.body }
    case 'file':
      return { kind: 'file', path: delivery.path, sizeBytes: delivery.sizeBytes, lastModified: delivery.lastModified }
    case 'absent':
      return { kind: 'error', code: TFTP_ERROR.fileNotFound, message: 'File not found' }
    case 'upload-refused':
      return { kind: 'error', code: TFTP_ERROR.accessViolation, message: 'Uploads are refused' }
    case 'unavailable':
      return { kind: 'error', code: TFTP_ERROR.notDefined, message: 'Not available now' }
  }
}

/** Events speak HTTP's status codes on every transport, so that an admin learns one list. */
const STATUS = { bytes: 200, file: 200, absent: 404, 'upload-refused': 405, unavailable: 503 } as const
/** The client went away, or the server stopped, before the last byte was acknowledged. */
const STATUS_BROKEN_OFF = 499

function asDelivered(delivery: Delivery, { ok, bytes, micros, end }: TftpFinished): Delivered {
  const answered = ok || end === 'error'
  if (answered) return { status: STATUS[delivery.kind], bytes, micros }
  return { status: end === 'unreadable' ? 503 : STATUS_BROKEN_OFF, bytes, micros, outcome: 'failed' }
}
