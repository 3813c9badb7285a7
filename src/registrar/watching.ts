import type { Binding } from '../domain/entities.js'
import { formatEndpoint } from '../network/address.js'
import type { Flow } from '../sip/flow.js'
import { headerValue, type SipRequest } from '../sip/message.js'
import type { RequestEnvelope } from '../sip/parse.js'
import { parseSipUri, unescapeUri } from '../sip/uri.js'

/** A registered phone that asks to watch somebody (RFC 6665 §4.1), and what it was answered. */
export interface WatchRequest {
  readonly binding: Binding
  /** Whom: the user part of the Request-URI. */
  readonly target: string
  /** Event package, for example `dialog` (RFC 4235). */
  readonly event: string
  readonly status: number
}

/**
 * What a SUBSCRIBE tells of a phone of ours; undefined for other requests, and when it does not come from where the
 * sender is registered.
 * @param bindingsOf bindings of a user of the site asked
 */
export function watchRequestOf(
  request: SipRequest,
  envelope: RequestEnvelope,
  flow: Pick<Flow, 'remote'>,
  status: number,
  bindingsOf: (user: string) => readonly Binding[],
): WatchRequest | undefined {
  if (request.method !== 'SUBSCRIBE') return undefined
  const from = parseSipUri(envelope.from.uri)
  if (from?.user === undefined) return undefined
  const received = formatEndpoint(flow.remote)
  const binding = bindingsOf(unescapeUri(from.user)).find((one) => one.received === received)
  if (!binding) return undefined
  const [event = ''] = (headerValue(request, 'Event') ?? '').split(';')
  return { binding, target: unescapeUri(envelope.uri.user ?? ''), event: event.trim(), status }
}
