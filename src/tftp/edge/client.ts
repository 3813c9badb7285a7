import tftp from 'tftp'
import { AppError } from '../../domain/errors.js'
import { formatEndpoint } from '../../network/address.js'

export interface TftpGet {
  host: string
  port: number
  file: string
  /** Bytes per packet, 8 to 65464 (default 1468). */
  blockSize?: number
  /** Packets per ACK (default 4). */
  windowSize?: number
}

/**
 * Fetches a file with the `tftp` package, which shares no line with our server: "can a phone fetch this?".
 * @throws AppError FILE_NOT_FOUND, SERVER_UNREACHABLE
 */
export async function tftpGet({ host, port, file, ...options }: TftpGet): Promise<Buffer> {
  const pieces: Buffer[] = []
  try {
    const stream = tftp.createClient({ host, port, ...options }).createGetStream(file)
    for await (const piece of stream) pieces.push(piece as Buffer)
  } catch (error) {
    const reason = error instanceof Object && 'message' in error ? String(error.message) : String(error)
    const code = /file not found/i.test(reason) ? 'FILE_NOT_FOUND' : 'SERVER_UNREACHABLE'
    const where = formatEndpoint({ address: host, port })
    throw new AppError(code, `TFTP: ${file} from ${where}: ${reason}`, {}, { cause: error })
  }
  return Buffer.concat(pieces)
}
