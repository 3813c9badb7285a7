import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../domain/clock.js'
import { normaliseAddress } from '../../network/address.js'
import { FORWARDING_HEADERS, peerAddress, type PeerAddress } from '../../network/peer-address.js'
import type { Networks } from '../../network/trust.js'
import type { Conditions } from '../conditional.js'
import type { ProvisioningRequest } from '../delivery.js'

/** How a method is treated: `write` may be an upload, `forbidden` is 405, `unknown` is 501. */
type Method = 'get' | 'head' | 'write' | 'forbidden' | 'unknown'
const METHODS: Readonly<Record<string, Method>> = {
  GET: 'get',
  HEAD: 'head',
  PUT: 'write',
  POST: 'write',
  PATCH: 'write',
  DELETE: 'write',
  OPTIONS: 'forbidden',
  TRACE: 'forbidden',
}

export function methodOf({ method }: IncomingMessage): Method {
  return METHODS[method ?? ''] ?? 'unknown'
}

/** What all requests of a connection have in common. */
export interface Connection {
  transport: 'http' | 'https'
  /** As the socket has it. */
  remoteAddress: string
  /** Normalised. */
  localAddress: string
  localPort: number
}

const CONNECTIONS = new WeakMap<Socket, Connection>()

/** Asked of the operating system and normalised once for each connection. */
export function connectionOf(socket: Socket): Connection | undefined {
  const known = CONNECTIONS.get(socket)
  if (known) return known
  const { remoteAddress, localAddress, localPort } = socket
  if (remoteAddress === undefined || localAddress === undefined || localPort === undefined) return undefined
  const connection: Connection = {
    transport: (socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http',
    remoteAddress: normaliseAddress(remoteAddress) ?? remoteAddress,
    localAddress: normaliseAddress(localAddress) ?? localAddress,
    localPort,
  }
  CONNECTIONS.set(socket, connection)
  return connection
}

/** What the pipeline is asked. @returns undefined when the connection is gone already and has no addresses any more */
export function describeRequest(
  request: IncomingMessage,
  method: Method,
  trustedProxies: Networks,
  clock: Clock,
): ProvisioningRequest | undefined {
  const { headers } = request
  const connection = request.socket.destroyed ? undefined : connectionOf(request.socket)
  if (!connection) return undefined
  const peer = peerOf(connection.remoteAddress, headers, trustedProxies)
  const question: ProvisioningRequest = {
    transport: connection.transport,
    operation: method === 'write' ? 'write' : 'read',
    path: pathOf(request.url ?? '/'),
    peerAddress: peer.address,
    peerAddressProven: peer.proven,
    localAddress: connection.localAddress,
    localPort: connection.localPort,
    receivedAt: clock.now(),
  }
  const userAgent = headers['user-agent']
  if (userAgent !== undefined) question.userAgent = userAgent
  return question
}

function peerOf(address: string, headers: IncomingHttpHeaders, trustedProxies: Networks): PeerAddress {
  const otherwiseForwarded = FORWARDING_HEADERS.some((name) => headers[name] !== undefined)
  if (!otherwiseForwarded) return { address, proven: true }
  const forwardedFor = headers['x-forwarded-for']
  const joined = Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor
  return peerAddress(address, { forwardedFor: joined, otherwiseForwarded }, trustedProxies)
}

/** Without query; a proxy's absolute form loses scheme and host (RFC 9112 §3.2.2), which are never believed. */
export function pathOf(url: string): string {
  if (url.startsWith('/') && !url.includes('?')) return url
  const origin = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '')
  const query = origin.indexOf('?')
  const path = query < 0 ? origin : origin.slice(0, query)
  return path === '' ? '/' : path
}

/** The headers that decide how much is sent. */
export function conditionsOf({ headers }: IncomingMessage): Conditions {
  const ifRange = headers['if-range']
  return {
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: headers['if-modified-since'],
    ifUnmodifiedSince: headers['if-unmodified-since'],
    ifRange: Array.isArray(ifRange) ? ifRange[0] : ifRange,
    range: headers.range,
  }
}
