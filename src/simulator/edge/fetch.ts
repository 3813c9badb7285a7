import { get, type IncomingMessage } from 'node:http'
import { AppError } from '../../domain/errors.js'
import type { FetchOutcome } from '../boot-files.js'
import { fetchByTftp } from './tftp-client.js'

export interface FetchRequest {
  /** `http://…` or `tftp://…`. */
  readonly url: string
  readonly userAgent: string
  /** Source address; undefined: the system chooses. */
  readonly localAddress?: string
}

const HTTP_TIMEOUT_MS = 10_000
const TFTP_TIMEOUT_MS = 20_000
const TFTP_PORT = 69
/** A config is some kilobytes; more than this is not one. */
const LARGEST_FILE_BYTES = 4_194_304

/** Fetches one file as a phone does: a connection of its own, its User-Agent, no retries. Never rejects. */
export async function fetchAsPhone(request: FetchRequest): Promise<FetchOutcome> {
  const url = new URL(request.url)
  try {
    if (url.protocol === 'http:') return await fetchByHttp(url, request)
    if (url.protocol === 'tftp:') return await fetchFileByTftp(url, request)
    return { kind: 'refused', detail: `the simulator does not speak ${url.protocol}` }
  } catch (error) {
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return { kind: 'not-found' }
    return { kind: 'no-answer', detail: reasonOf(error) }
  }
}

/** The system's code of a socket error (ECONNREFUSED), else the message. */
function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.message
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return String(code ?? message ?? 'no answer')
}

async function fetchFileByTftp(url: URL, request: FetchRequest): Promise<FetchOutcome> {
  const serverAddress = url.hostname.replace(/^\[|\]$/g, '')
  const bytes = await fetchByTftp({
    serverAddress,
    serverPort: url.port === '' ? TFTP_PORT : Number(url.port),
    file: decodeURIComponent(url.pathname.slice(1)),
    localAddress: request.localAddress ?? (serverAddress.includes(':') ? '::' : '0.0.0.0'),
    timeoutMs: TFTP_TIMEOUT_MS,
  })
  return { kind: 'file', bytes }
}

function fetchByHttp(url: URL, request: FetchRequest): Promise<FetchOutcome> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(HTTP_TIMEOUT_MS)
    const headers = { 'User-Agent': request.userAgent, Accept: '*/*' }
    const options = { headers, signal, agent: false, ...localAddressOption(request.localAddress) }
    get(url, options, (response) => {
      readAnswer(response).then(resolve, reject)
    }).on('error', (error) => reject(signal.aborted ? new Error(`no answer in ${HTTP_TIMEOUT_MS / 1000} s`) : error))
  })
}

function localAddressOption(localAddress: string | undefined): { localAddress?: string } {
  return localAddress === undefined ? {} : { localAddress }
}

async function readAnswer(response: IncomingMessage): Promise<FetchOutcome> {
  const status = response.statusCode ?? 0
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > LARGEST_FILE_BYTES) return { kind: 'refused', detail: `larger than ${LARGEST_FILE_BYTES} bytes` }
    pieces.push(piece)
  }
  if (status === 200) return { kind: 'file', bytes: Buffer.concat(pieces) }
  if (status === 404) return { kind: 'not-found' }
  return { kind: status >= 500 ? 'unavailable' : 'refused', detail: `HTTP ${status}` }
}
