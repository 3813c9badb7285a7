import type { Millis } from '../domain/clock.js'
import type { ProvisioningEvent } from '../domain/entities.js'

/** What a phone asked, the same for every transport. Nothing in it is trusted. */
export interface ProvisioningRequest {
  transport: 'http' | 'https' | 'tftp'
  /** `read` for GET, HEAD and RRQ; `write` for PUT, POST and WRQ. */
  operation: 'read' | 'write'
  /** Path as sent, without query, still percent-encoded on HTTP; TFTP: the file name. */
  path: string
  userAgent?: string
  /** Address of the phone after trusted proxies were taken away, normalised. */
  peerAddress: string
  /** False when the request carries forwarding headers from an address that is no trusted proxy. */
  peerAddressProven: boolean
  /** Local address and port that the phone reached. */
  localAddress: string
  localPort: number
  receivedAt: Millis
}

/** What the phone is given. The edge turns it into a status line or a TFTP packet. */
export type Delivery =
  | { kind: 'bytes'; body: Uint8Array; contentType: string; etag: string; lastModified: Millis }
  | { kind: 'file'; path: string; sizeBytes: number; contentType: string; etag: string; lastModified: Millis }
  /** The one answer for everything a stranger may not know: 404, TFTP error 1. */
  | { kind: 'absent' }
  /** 405 with Allow: GET, HEAD; TFTP error 2. */
  | { kind: 'upload-refused' }
  /** 503, TFTP error 0: the phone keeps what it has and asks again. */
  | { kind: 'unavailable' }

/** What the edge reports when the answer is out: completes the event that `deliver` prepared. */
export interface Delivered {
  status: number
  bytes: number
  micros: number
  outcome?: ProvisioningEvent['outcome']
}

/** The one pipeline behind HTTP, HTTPS and TFTP. */
export interface Provisioning {
  /** Never throws and never asks the database. `finish` must be called once, when the answer is out; not when the request is asked anew. */
  deliver(request: ProvisioningRequest): { delivery: Delivery; finish(delivered: Delivered): void }
}
