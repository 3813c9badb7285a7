import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Visitor } from '../../accounts/sign-in.js'
import { isLoopback, normaliseAddress } from '../../network/address.js'
import { FORWARDING_HEADERS, peerAddress } from '../../network/peer-address.js'
import type { Networks } from '../../network/trust.js'

/** How a request reached us. */
export interface Arrival extends Visitor {
  /** By HTTPS, to us or to a trusted proxy. */
  secure: boolean
  /** From this very machine, with nobody in between. */
  local: boolean
}

export function arrivalOf(request: IncomingMessage, proxies: Networks): Arrival {
  const { headers, socket } = request
  const forwardedFor = headers['x-forwarded-for']
  const forwarded = FORWARDING_HEADERS.some((name) => headers[name] !== undefined)
  const socketAddress = socket.remoteAddress ?? ''
  const peer = peerAddress(
    socketAddress,
    {
      forwardedFor: Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor,
      otherwiseForwarded: forwarded,
    },
    proxies,
  )
  const byProxy = forwarded && proxies.contains(normaliseAddress(socketAddress) ?? '')
  const userAgent = headers['user-agent']
  return {
    peer: peer.address,
    ...(userAgent === undefined ? {} : { userAgent }),
    secure: (socket as Partial<TLSSocket>).encrypted === true || (byProxy && headers['x-forwarded-proto'] === 'https'),
    local: !forwarded && isLoopback(socketAddress) && isOwnHost(headers.host),
  }
}

/** A page of somebody else whose name was bent to 127.0.0.1 still sends its own name. */
function isOwnHost(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase()
  return name === 'localhost' || normaliseAddress(name) !== undefined
}

/**
 * True when the browser says that the request comes from another origin than the one it goes to (Fetch standard,
 * Sec-Fetch-Site). Programs send neither header.
 */
export function isForeign({ headers }: IncomingMessage, secure: boolean): boolean {
  const { origin, host } = headers
  if (origin !== undefined) return origin !== `${secure ? 'https' : 'http'}://${host ?? ''}`
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}
