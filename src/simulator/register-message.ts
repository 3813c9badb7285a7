import { formatEndpoint } from '../network/address.js'
import type { Endpoint } from '../network/udp.js'
import type { Header, SipRequest } from '../sip/message.js'
import { quote } from '../sip/lexical.js'
import { normaliseEscapes } from '../sip/uri.js'
import type { RegistrationRequest } from './registration.js'

/** What stays the same over all REGISTERs of one phone account, and what changes with each. */
export interface RegisterStep {
  readonly callId: string
  readonly fromTag: string
  readonly cseq: number
  readonly branch: string
  /** Our end of the socket. */
  readonly local: Endpoint
  /** Seconds; 0 unregisters. */
  readonly expires: number
  readonly authorization?: string
}

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** Request-URI of every REGISTER (RFC 3261 §10.2): the domain alone. */
export function registrarUri(domain: string): string {
  return `sip:${domain.includes(':') && !domain.startsWith('[') ? `[${domain}]` : domain}`
}

/** A REGISTER as a desk phone writes it (RFC 3261 §10.2). */
export function registerMessage(request: RegistrationRequest, step: RegisterStep): SipRequest {
  const uri = registrarUri(request.domain)
  const user = normaliseEscapes(latin1(request.user))
  const aor = `<sip:${user}@${uri.slice('sip:'.length)}>`
  const own = formatEndpoint(step.local)
  const name = request.displayName === undefined ? '' : `${quote(latin1(request.displayName))} `
  const transport = request.transport === 'tcp' ? ';transport=tcp' : ''
  const instance = request.instanceId === undefined ? '' : `;+sip.instance="<${request.instanceId}>"`
  const headers: Header[] = [
    {
      name: 'Via',
      value: `SIP/2.0/${request.transport.toUpperCase()} ${own};branch=${step.branch};rport`,
    },
    { name: 'Max-Forwards', value: '70' },
    { name: 'From', value: `${name}${aor};tag=${step.fromTag}` },
    { name: 'To', value: `${name}${aor}` },
    { name: 'Call-ID', value: step.callId },
    { name: 'CSeq', value: `${step.cseq} REGISTER` },
    { name: 'Contact', value: `<sip:${user}@${own}${transport}>${instance}` },
    { name: 'Expires', value: String(step.expires) },
    { name: 'Allow', value: 'INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER, INFO' },
    { name: 'User-Agent', value: latin1(request.userAgent) },
  ]
  if (step.authorization !== undefined) headers.push({ name: 'Authorization', value: step.authorization })
  return { kind: 'request', method: 'REGISTER', uri, headers, body: '' }
}
