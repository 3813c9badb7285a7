import type { Millis } from '../domain/clock.js'
import type { Endpoint } from '../network/udp.js'
import type { TransferEnd } from './transfer.js'

/** One request as a client sent it. Nothing in it is trusted. */
export interface TftpRequest {
  /** `write` is answered with error 2 whatever the handler says. */
  operation: 'read' | 'write'
  /** File name as sent. */
  path: string
  mode: 'octet' | 'netascii'
  peer: Endpoint
  /** The address and port that the client reached. */
  local: Endpoint
}

/** How a request ended. */
export interface TftpFinished {
  ok: boolean
  /** Bytes of the file that the client acknowledged. */
  bytes: number
  /** From the request's arrival to the end, in microseconds. */
  micros: number
  /** `delivered`, why not, or `error` when an error packet was the answer. */
  end: TransferEnd | 'error'
}

/** What the client gets. */
export type TftpContent = { onFinished?: (finished: TftpFinished) => void } & (
  | { kind: 'bytes'; bytes: Uint8Array }
  /** A file on disk, read as the client takes it: the regular file of this size and modification time, or error 0. */
  | { kind: 'file'; path: string; sizeBytes: number; lastModified: Millis }
  /** Code of RFC 1350 §5 and words for the client's display. */
  | { kind: 'error'; code: number; message: string }
)

/** Answers a request. A handler that throws gives error 0 and a line in the log. */
export type TftpHandler = (request: TftpRequest) => TftpContent | Promise<TftpContent>
