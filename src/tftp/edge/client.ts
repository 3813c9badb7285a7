import type tftp from 'tftp'
import { AppError } from '../../domain/errors.js'
import { formatEndpoint } from '../../network/address.js'
import type { Endpoint } from '../../network/udp.js'

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
  const tftp = await loadPackage()
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const stream = tftp.createClient({ host, port, ...options }).createGetStream(file)
    // By event: the package closes its stream before it ends it, which `for await` takes for a failure.
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    stream.on('end', () => resolve(Buffer.concat(pieces)))
    stream.on('error', (error) => reject(asAppError(error, file, { address: host, port })))
  })
}

/** Of 2015, it calls `Buffer()`; whoever asks for a file need not be warned of that. */
async function loadPackage(): Promise<typeof tftp> {
  process.noDeprecation = true
  return (await import('tftp')).default
}

function asAppError(error: Error, file: string, server: Endpoint): AppError {
  const code = /file not found/i.test(error.message) ? 'FILE_NOT_FOUND' : 'SERVER_UNREACHABLE'
  return new AppError(code, `TFTP: ${file} from ${formatEndpoint(server)}: ${error.message}`, {}, { cause: error })
}
