import type { Binding } from '../domain/entities.js'
import { formatEndpoint } from '../network/address.js'
import type { Flow } from '../sip/flow.js'
import { hasControl } from '../sip/lexical.js'
import type { Header, SipRequest } from '../sip/message.js'
import { formatSipUri, normaliseEscapes, parseSipUri } from '../sip/uri.js'

/** What differs from one NOTIFY to the next; texts drawn at random. */
export interface NotifyStep {
  readonly event: string
  readonly callId: string
  readonly fromTag: string
  readonly branch: string
  readonly cseq: number
  /** Answer to a challenge. */
  readonly credentials?: Header
}

const MAX_FORWARDS = '70'

/** [RFC3261-19.1.1] The Contact as Request-URI: without header parameters. Undefined when it is no SIP URI. */
export function requestUriOf({ contactUri }: Pick<Binding, 'contactUri'>): string | undefined {
  const uri = parseSipUri(contactUri)
  if (!uri) return undefined
  return uri.headers.length === 0 ? contactUri : formatSipUri({ ...uri, headers: [] })
}

/**
 * A NOTIFY outside of any dialog, as phones take it for check-sync: to one Contact, over the way it registered by.
 * RFC 6665 knows no NOTIFY without a subscription, yet wants the header Subscription-State in each: it says terminated.
 */
export function notifyMessage(
  binding: Pick<Binding, 'aor' | 'path'>,
  uri: string,
  { transport, local }: Pick<Flow, 'transport' | 'local'>,
  { event, callId, fromTag, branch, cseq, credentials }: NotifyStep,
): SipRequest {
  const [user = '', domain = ''] = splitAor(binding.aor)
  const aor = `sip:${normaliseEscapes(latin1(user))}@${domain}`
  const us = formatEndpoint(local)
  const contactParams = transport === 'udp' ? '' : `;transport=${transport === 'wss' ? 'ws' : transport}`
  return {
    kind: 'request',
    method: 'NOTIFY',
    uri,
    headers: [
      { name: 'Via', value: `SIP/2.0/${transport.toUpperCase()} ${us};branch=${branch};rport` },
      { name: 'Max-Forwards', value: MAX_FORWARDS },
      ...binding.path.map((value) => ({ name: 'Route', value })),
      { name: 'From', value: `<${aor}>;tag=${fromTag}` },
      { name: 'To', value: `<${aor}>` },
      { name: 'Call-ID', value: callId },
      { name: 'CSeq', value: `${cseq} NOTIFY` },
      { name: 'Contact', value: `<sip:${us}${contactParams}>` },
      { name: 'Event', value: event },
      { name: 'Subscription-State', value: 'terminated' },
      ...(credentials ? [credentials] : []),
    ],
    body: '',
  }
}

/** For people: what a phone wrote behind the status, without what would steer a terminal. */
export function shownReason(status: number, reason: string): string {
  const text = Buffer.from(reason, 'latin1').toString('utf8')
  return hasControl(text) ? String(status) : `${status} ${text}`.trim().slice(0, 100)
}

function splitAor(aor: string): [string, string] {
  const at = aor.lastIndexOf('@')
  return [aor.slice(0, at), aor.slice(at + 1)]
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
