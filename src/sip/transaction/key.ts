import type { Flow } from '../flow.js'
import { tagOf } from '../headers/name-addr.js'
import type { SipRequest } from '../message.js'
import type { RequestEnvelope } from '../parse.js'

/** Branches of RFC 3261 clients begin with this and are unique (§8.1.1.7). */
export const MAGIC_COOKIE = 'z9hG4bK'

/**
 * [RFC3261-17.2.3] What a request and its retransmissions have in common: branch, sent-by and method. Without the
 * magic cookie, or with nothing behind it, the rule of RFC 2543 is used: Request-URI, tags and topmost Via. Call-ID
 * and CSeq number join in both cases, and source address and transport: phones behind one NAT share private
 * addresses, and some of them reuse a branch.
 */
export function transactionKey(
  request: SipRequest,
  envelope: RequestEnvelope,
  flow: Pick<Flow, 'transport' | 'remote'>,
): string {
  const { via, cseq, callId } = envelope
  const method = request.method === 'ACK' ? 'INVITE' : request.method
  const modern = via.branch.startsWith(MAGIC_COOKIE) && via.branch.length > MAGIC_COOKIE.length
  const old = modern ? [] : [request.uri, tagOf(envelope.from) ?? '', tagOf(envelope.to) ?? '']
  // Joined, not added up: a sum of parts would keep the whole datagram in memory for as long as the transaction lasts.
  const sender = [flow.transport, flow.remote.address]
  return [via.branch, `${via.host}:${via.port ?? ''}`, method, ...old, callId, cseq.number, ...sender].join('\n')
}
