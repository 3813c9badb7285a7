import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { registerText } from '../support/sip-requests.js'

const TORTURE = fileURLToPath(new URL('../torture', import.meta.url))

export const text = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'), 'latin1')

/** The messages of RFC 4475 and RFC 5118. */
export function tortureMessages(): Buffer[] {
  const folders = ['rfc4475', 'rfc5118'].map((folder) => `${TORTURE}/${folder}`)
  return folders.flatMap((folder) => readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`)))
}

/** Requests and responses that a registrar sees, good ones. `{n}` stands for a number that differs each time. */
export function sipMessages(domain: string, user: string): Buffer[] {
  const other = (method: string): Buffer =>
    Buffer.from(registerText({ method, domain, user, callId: `fuzz-{n}`, branch: 'z9hG4bKfuzz{n}' }), 'latin1')
  const register = (parts: Parameters<typeof registerText>[0]): Buffer =>
    Buffer.from(registerText({ domain, user, callId: 'fuzz-{n}', branch: 'z9hG4bKfuzz{n}', ...parts }), 'latin1')
  const response = text(
    'SIP/2.0 200 OK',
    'Via: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKfuzz{n};rport',
    `From: <sip:${user}@${domain}>;tag=a`,
    `To: <sip:${user}@${domain}>;tag=b`,
    'Call-ID: fuzz-{n}',
    'CSeq: 1 REGISTER',
    'Content-Length: 0',
    '',
    '',
  )
  return [
    register({ contact: `<sip:${user}@127.0.0.1:5099;transport=udp>;expires=60;q=0.5`, expires: 60 }),
    register({ contact: ['<sip:a@127.0.0.1>', '"B" <sip:b@[::1]:5060;lr?x=y>;+sip.instance="<urn:uuid:1>"'] }),
    register({ contact: '*', expires: 0 }),
    register({ extra: ['Path: <sip:p@127.0.0.1;lr>', 'Require: path, outbound', 'Supported: path, gruu'] }),
    register({
      authorization:
        `Digest username="${user}",realm="phoneboot",nonce="x{n}",uri="sip:${domain}",` +
        'response="0123456789abcdef0123456789abcdef",algorithm=SHA-256,qop=auth,nc=00000001,cnonce="y"',
    }),
    ...['OPTIONS', 'INVITE', 'SUBSCRIBE', 'ACK', 'CANCEL', 'BYE', 'MESSAGE', 'NOTIFY'].map(other),
    response,
  ]
}

/** Packets of RFC 1350, 2347-2349 and 7440. */
export function tftpPackets(files: readonly string[]): Buffer[] {
  const request = (opcode: number, file: string, mode: string, ...options: string[]): Buffer =>
    Buffer.concat([Buffer.from([0, opcode]), Buffer.from([file, mode, ...options].map((part) => `${part}\0`).join(''))])
  const plain = files.flatMap((file) => [
    request(1, file, 'octet'),
    request(1, file, 'octet', 'blksize', '1428', 'tsize', '0', 'timeout', '2', 'windowsize', '8'),
  ])
  return [
    ...plain,
    request(1, '../../../../etc/passwd', 'octet'),
    request(1, `/${files[0] ?? 'x'}`, 'NetASCII', 'blksize', '8'),
    request(2, 'upload.log', 'octet', 'tsize', '100'),
    Buffer.concat([Buffer.from([0, 3, 0, 1]), Buffer.alloc(512, 7)]),
    Buffer.from([0, 4, 0, 0]),
    Buffer.from([0, 5, 0, 1, 0x78, 0]),
    Buffer.from('\0\x06blksize\x00512\0', 'latin1'),
  ]
}

/** A request without a body, in the words of a phone. */
export const asks = (line: string, ...headers: string[]): Buffer =>
  text(line, 'Host: 127.0.0.1', 'User-Agent: Yealink SIP-T21P_E2 52.84.0.15 80:5e:c0:00:00:01', ...headers, '', '')

/** Requests of phones and of those who only say that they are. */
export function httpRequests(files: readonly string[]): Buffer[] {
  return [
    ...files.map((file) => asks(`GET /${file} HTTP/1.1`)),
    ...files.map((file) => asks(`GET /${file} HTTP/1.0`, 'Connection: close')),
    ...files.map((file) =>
      asks(`GET /${file} HTTP/1.1`, 'Accept: */*', 'Connection: keep-alive', 'If-None-Match: "x"'),
    ),
    Buffer.concat(files.map((file) => asks(`GET /${file} HTTP/1.1`, 'Connection: keep-alive'))),
    ...files.map((file) => asks(`HEAD /${file} HTTP/1.1`, 'If-None-Match: "x", W/"y"')),
    ...files.map((file) => asks(`GET /t/0123456789abcdefghijklmnop/${file} HTTP/1.1`, 'Range: bytes=0-10,20-30')),
    asks('GET /../../etc/passwd HTTP/1.1'),
    asks('GET /%2e%2e/%2e%2e/%00x?a=b&c=%zz HTTP/1.1', 'If-Modified-Since: Tue, 15 Nov 1994 08:12:31 GMT'),
    asks(
      'GET http://127.0.0.1/firmware/a.rom HTTP/1.1',
      'X-Forwarded-For: 127.0.0.9, 1.2.3.4',
      'Forwarded: for="[::1]"',
    ),
    asks('GET /firmware/yealink/fuzz/1/fuzz.rom HTTP/1.1', 'Range: bytes=5-'),
    asks('PUT /log.txt HTTP/1.1', 'Content-Length: 5', 'Expect: 100-continue'),
    Buffer.concat([asks('POST /x HTTP/1.1', 'Transfer-Encoding: chunked'), text('5', 'hello', '0', '', '')]),
    asks('CONNECT 127.0.0.1:22 HTTP/1.1'),
    asks('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket'),
    asks('OPTIONS * HTTP/1.1'),
  ]
}
