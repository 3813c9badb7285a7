import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../domain/clock.js'
import { normaliseAddress } from '../../network/address.js'
import { FORWARDING_HEADERS, peerAddress } from '../../network/peer-address.js'
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

/** What the pipeline is asked. @returns undefined when the connection is gone already and has no addresses any more */
export function describeRequest(
  request: IncomingMessage,
  method: Method,
  trustedProxies: Networks,
  clock: Clock,
): ProvisioningRequest | undefined {
  const { headers, socket } = request
  const { remoteAddress, localAddress, localPort } = socket
  if (remoteAddress === undefined || localAddress === undefined || localPort === undefined) return undefined
  const forwardedFor = headers['x-forwarded-for']
  const peer = peerAddress(
    remoteAddress,
    {
      forwardedFor: Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor,
      otherwiseForwarded: FORWARDING_HEADERS.some((name) => headers[name] !== undefined),
    },
    trustedProxies,
  )
  const userAgent = headers['user-agent']
  return {
    transport: (socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http',
    operation: method === 'write' ? 'write' : 'read',
    path: pathOf(request.url ?? '/'),
    ...(userAgent === undefined ? {} : { userAgent }),
    peerAddress: peer.address,
    peerAddressProven: peer.proven,
    localAddress: normaliseAddress(localAddress) ?? localAddress,
    localPort,
    receivedAt: clock.now(),
  }
}

/** Without query; a proxy's absolute form loses scheme and host (RFC 9112 §3.2.2), which are never believed. */
function pathOf(url: string): string {
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
