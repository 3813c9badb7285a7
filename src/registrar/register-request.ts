import { parseNameAddr, type NameAddr } from '../sip/headers/name-addr.js'
import { hasControl, isAscii, type Param, paramValue, parseDecimal } from '../sip/lexical.js'
import { headerValue, listValues, optionTags, type SipRequest } from '../sip/message.js'
import { canonicalUri, parseSipUri, type SipUri } from '../sip/uri.js'

/** Default of RFC 3261 §10.2.1.1 for an interval that cannot be read, in seconds. */
const MALFORMED_EXPIRES = 3_600
const MAX_EXPIRES = 2 ** 32 - 1
const MAX_PARAMS_LENGTH = 512
const MAX_USER_AGENT_LENGTH = 256
const MAX_PATH = 10

/** One Contact of a REGISTER. */
export interface ContactWish {
  readonly uri: SipUri
  /** As sent, without brackets. */
  readonly uriText: string
  /** See Binding.bindingKey. */
  readonly bindingKey: string
  /** Registered by instance and reg-id (RFC 5626 §6): the URI does not tell bindings apart then. */
  readonly outbound: boolean
  /** Thousandths. */
  readonly q: number
  /** Seconds asked for; undefined: the header or the default says. */
  readonly expires: number | undefined
  /** Other parameters, as sent: `;+sip.instance="<urn:uuid:…>"`. */
  readonly paramsText: string
}

/** What a REGISTER asks for, read but not judged. */
export interface RegisterWish {
  readonly callId: string
  readonly cseq: number
  /** `all` is `Contact: *`. Empty: only a question. */
  readonly contacts: 'all' | readonly ContactWish[]
  /** Expires header in seconds. */
  readonly expires: number | undefined
  readonly path: readonly string[]
  /** The phone understands Path in an answer (RFC 3327 §5.3). */
  readonly supportsPath: boolean
  readonly userAgent: string | undefined
  /** The phone insists on outbound, and the proxy next to it does not help (RFC 5626 §6). */
  readonly lacksOutbound: boolean
}

/** `+sip.instance` of stored or sent Contact parameters, without quotes; undefined when there is none. */
export function instanceOf(paramsText: string | undefined): string | undefined {
  return /;\+sip\.instance="([^"]+)"/i.exec(paramsText ?? '')?.[1]
}

function readQ(text: string | undefined): number {
  // A q that cannot be read counts as none: the phone is reachable all the same.
  return text !== undefined && /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Math.round(Number(text) * 1_000) : 1_000
}

function readContactExpires(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = parseDecimal(text, MAX_EXPIRES)
  return value === undefined ? MALFORMED_EXPIRES : Math.min(value, MAX_EXPIRES)
}

function otherParams(params: readonly Param[]): string {
  if (params.length === 0) return ''
  const text = params
    .filter(({ name }) => name !== 'expires' && name !== 'q')
    .map(({ name, value }) => (value === undefined ? `;${name}` : `;${name}=${value}`))
    .join('')
  return text.length > MAX_PARAMS_LENGTH || hasControl(text) ? '' : text
}

function readContact(address: NameAddr, outboundAllowed: boolean): ContactWish | undefined {
  const uri = parseSipUri(address.uri)
  if (!uri || address.uri.length > 1_024) return undefined
  const paramsText = otherParams(address.params)
  const instance = instanceOf(paramsText)
  const regId = parseDecimal(paramValue(address.params, 'reg-id') ?? '', 2 ** 31 - 1)
  const expires = readContactExpires(paramValue(address.params, 'expires'))
  // RFC 5626 §6: reg-id counts only together with an instance, from a phone that says it supports outbound.
  const outbound = outboundAllowed && instance !== undefined && regId !== undefined && regId > 0
  return {
    uri,
    uriText: address.uri,
    bindingKey: outbound ? `${instance};reg-id=${regId}` : canonicalUri(uri),
    outbound,
    q: readQ(paramValue(address.params, 'q')),
    expires,
    paramsText,
  }
}

/** [RFC5626-6] The phone is our neighbour, or the proxy next to it says `ob` in its Path. */
function firstHopSupportsOutbound(request: SipRequest): boolean {
  if (listValues(request, 'Via')?.length === 1) return true
  const path = parseNameAddr(listValues(request, 'Path')?.[0] ?? '')
  return path !== undefined && parseSipUri(path.uri)?.params.has('ob') === true
}

function readContacts(request: SipRequest): RegisterWish['contacts'] | undefined {
  const values = listValues(request, 'Contact')
  if (!values) return undefined
  if (values.includes('*')) return values.length === 1 ? 'all' : undefined
  const outboundAllowed = optionTags(request, 'Supported').includes('outbound') && firstHopSupportsOutbound(request)
  const contacts: ContactWish[] = []
  for (const value of values) {
    const address = parseNameAddr(value)
    const contact = address && readContact(address, outboundAllowed)
    if (!contact) return undefined
    contacts.push(contact)
  }
  return contacts
}

function readPath(request: SipRequest): string[] | undefined {
  const values = listValues(request, 'Path')
  if (!values || values.length > MAX_PATH) return undefined
  const sound = values.every((value) => {
    const address = parseNameAddr(value)
    return address !== undefined && parseSipUri(address.uri) !== undefined && !hasControl(value)
  })
  return sound ? values : undefined
}

/** For people and the database: UTF-8 where it is, no control characters, not endless. */
function readUserAgent(request: SipRequest): string | undefined {
  const text = headerValue(request, 'User-Agent')
  if (text === undefined) return undefined
  if (isAscii(text) && text.length <= MAX_USER_AGENT_LENGTH && !hasControl(text)) return text || undefined
  const decoded = Buffer.from(text, 'latin1').toString('utf8')

  const shown = decoded.replace(/[\x00-\x1f\x7f-\x9f]/g, '').slice(0, MAX_USER_AGENT_LENGTH)
  // Half of a character that was cut in two is no text, and PostgreSQL refuses it.
  return shown.replace(/[\ud800-\udbff]$/, '') || undefined
}

/** Reads the parts of RFC 3261 §10.3. Returns a reason phrase for 400 when one of them is malformed. */
export function readRegister(request: SipRequest, callId: string, cseq: number): RegisterWish | string {
  const contacts = readContacts(request)
  if (contacts === undefined) return 'Bad Contact'
  const path = readPath(request)
  if (path === undefined) return 'Bad Path'
  const expiresText = headerValue(request, 'Expires')
  const expires = expiresText === undefined ? undefined : parseDecimal(expiresText, MAX_EXPIRES)
  if (expiresText !== undefined && expires === undefined) return 'Bad Expires'
  return {
    callId,
    cseq,
    contacts,
    expires: expires === undefined ? undefined : Math.min(expires, MAX_EXPIRES),
    path,
    supportsPath: optionTags(request, 'Supported').includes('path'),
    lacksOutbound: optionTags(request, 'Require').includes('outbound') && !firstHopSupportsOutbound(request),
    userAgent: readUserAgent(request),
  }
}
