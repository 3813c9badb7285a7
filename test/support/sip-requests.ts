import { Secret } from '../../src/domain/secret.js'
import { answerChallenge } from '../../src/sip/digest.js'

/** Parts of a REGISTER; each has a sensible default. */
export interface RegisterParts {
  domain?: string
  user?: string
  callId?: string
  cseq?: number
  branch?: string
  contact?: string | readonly string[]
  expires?: number | string
  authorization?: string
  /** More header lines, without CRLF. */
  extra?: readonly string[]
  method?: string
  via?: string
}

let branches = 0

/** A REGISTER as a phone writes it, in latin1 text. */
export function registerText(parts: RegisterParts = {}): string {
  branches += 1
  const { domain = 'example.com', user = '101', callId = 'call-1', cseq = 1, method = 'REGISTER' } = parts
  const branch = parts.branch ?? `z9hG4bK-test-${branches}`
  const contacts = typeof parts.contact === 'string' ? [parts.contact] : (parts.contact ?? [])
  return [
    `${method} sip:${domain} SIP/2.0`,
    parts.via ?? `Via: SIP/2.0/UDP 10.0.0.7:5062;branch=${branch};rport`,
    'Max-Forwards: 70',
    `From: <sip:${user}@${domain}>;tag=f1`,
    `To: <sip:${user}@${domain}>`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    ...contacts.map((contact) => `Contact: ${contact}`),
    ...(parts.expires === undefined ? [] : [`Expires: ${parts.expires}`]),
    ...(parts.authorization === undefined ? [] : [`Authorization: ${parts.authorization}`]),
    ...(parts.extra ?? []),
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}

/** Authorization for a REGISTER, from the challenges of a 401. */
export function authorizationFor(
  challenges: readonly string[],
  username: string,
  password: string,
  { count = 1, uri = 'sip:example.com', method = 'REGISTER' } = {},
): string {
  const cnonce = 'c0ffee'
  const answer = answerChallenge({
    challenges,
    method,
    uri,
    username,
    password: new Secret(password),
    cnonce,
    count,
  })
  if (answer === undefined) throw new Error('no challenge to answer')
  return answer
}
