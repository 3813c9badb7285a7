import type { Secret } from '../domain/secret.js'
import { answerChallenge } from '../sip/digest.js'

/** Somebody who exists on the stage only. */
export interface Account {
  readonly username: string
  /** The user of its address of record. */
  readonly number: string
  readonly password: Secret
  readonly userAgent: string
  /** The URN of its phone (RFC 5626 §4.1). */
  readonly instanceId: string
}

/** What phones send, as text: the server's own writers of requests would show V8 other objects than real phones do. */
export function getText(path: string, host: string, userAgent: string): string {
  return `GET /${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${userAgent}\r\nAccept: */*\r\nConnection: close\r\n\r\n`
}

export interface RegisterText {
  readonly account: Account
  readonly server: { readonly address: string; readonly port: number }
  readonly localPort: number
  /** Different for each phone and boot. */
  readonly id: string
  readonly cseq: number
  readonly authorization?: string
}

/** A REGISTER as a desk phone writes it (RFC 3261 §10.2). */
export function registerText({ account, server, localPort, id, cseq, authorization }: RegisterText): string {
  const { number, userAgent, instanceId } = account
  const aor = `<sip:${number}@${server.address}>`
  return [
    `REGISTER ${registrarUri(server.address)} SIP/2.0`,
    `Via: SIP/2.0/UDP ${server.address}:${localPort};branch=z9hG4bK${id}${cseq};rport`,
    'Max-Forwards: 70',
    `From: "Phone ${number}" ${aor};tag=${id}`,
    `To: "Phone ${number}" ${aor}`,
    `Call-ID: ${id}@${server.address}`,
    `CSeq: ${cseq} REGISTER`,
    `Contact: <sip:${number}@${server.address}:${localPort}>;+sip.instance="<${instanceId}>"`,
    'Expires: 3600',
    'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER, INFO',
    `User-Agent: ${userAgent}`,
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}

/** The answer to a 401; undefined when the text is none. */
export function authorizationFor(
  answer: string,
  account: Account,
  address: string,
  cnonce: string,
): string | undefined {
  if (!answer.startsWith('SIP/2.0 401 ')) return undefined
  const challenges = [...answer.matchAll(/^WWW-Authenticate: (.*)\r$/gm)].map(([, value = '']) => value)
  const { username, password } = account
  return answerChallenge({
    ...{ challenges, username, password, cnonce, count: 1 },
    method: 'REGISTER',
    uri: registrarUri(address),
  })
}

function registrarUri(address: string): string {
  return `sip:${address}`
}
