// REGISTERs as text, for questions that SIPp cannot ask.
import { createHash } from 'node:crypto'

let branches = 0

export function registerText({ domain, user, authorization }) {
  branches += 1
  return [
    `REGISTER sip:${domain} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bK-${branches};rport`,
    'Max-Forwards: 70',
    `From: <sip:${user}@${domain}>;tag=f1`,
    `To: <sip:${user}@${domain}>`,
    `Call-ID: timing-${branches}`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:${user}@127.0.0.1:5999>`,
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}

const md5 = (text) => createHash('md5').update(text).digest('hex')

/** The answer of `username` with this password to the MD5 challenge in a 401. */
export function authorizationFor(answer, username, password) {
  const [, realm] = /realm="([^"]*)"/.exec(answer) ?? []
  const [, nonce] = /nonce="([^"]*)"/.exec(answer) ?? []
  const uri = 'sip:127.0.0.1'
  const middle = `${nonce}:00000001:c0ffee:auth`
  const response = md5(`${md5(`${username}:${realm}:${password}`)}:${middle}:${md5(`REGISTER:${uri}`)}`)
  return (
    `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", ` +
    'algorithm=MD5, qop=auth, nc=00000001, cnonce="c0ffee"'
  )
}
