import { afterEach, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { TCP_LIMITS } from '../../../src/sip/edge/tcp.js'
import { headerValues } from '../../../src/sip/message.js'
import { parseDatagram } from '../../../src/sip/parse.js'
import { authorizationFor, registerText, type RegisterParts } from '../../support/sip-requests.js'
import { afterwards, closeWire, startWire, TcpPhone } from '../../support/sip-wire.js'
import { TestCertificates } from '../../support/test-certificates.js'
import type { TestRegistrar, TestRegistrarOptions } from '../../support/test-registrar.js'

afterEach(closeWire)

const tlsRegister = (parts: RegisterParts): string =>
  registerText({ via: `Via: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bK${parts.callId}${parts.cseq ?? 1};rport`, ...parts })

async function start(
  options: Partial<TestRegistrarOptions> = {},
): Promise<{ server: TestRegistrar; certificates: TestCertificates; port: number }> {
  const certificates = await TestCertificates.make()
  const server = await startWire({ tls: { port: 0, certificates }, ...options })
  return { server, certificates, port: server.listeners.tlsPort ?? 0 }
}

async function secure(port: number, ca: string, more: object = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ca, ...more })
  afterwards(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

function challenges(text: string): string[] {
  const parsed = parseDatagram(text)
  return parsed.kind === 'response' ? headerValues(parsed.response, 'WWW-Authenticate') : []
}

test('[RFC3261-26.3.1] a phone registers over TLS; the way back to it is that connection', async () => {
  const { server, certificates, port } = await start()
  const phone = new TcpPhone(await secure(port, certificates.ca))
  await phone.write(tlsRegister({ callId: 'tls' }))
  const asked = await phone.until(/401[\s\S]*\r\n\r\n$/)
  const authorization = authorizationFor(challenges(asked), '101', 'pw')
  const contact = `<sip:101@127.0.0.1:${phone.socket.localPort};transport=tls>`
  await phone.write(tlsRegister({ callId: 'tls', cseq: 2, contact, authorization }))
  expect(await phone.until(/200 OK[\s\S]*\r\n\r\n$/)).toContain(`rport=${phone.socket.localPort};received=127.0.0.1`)
  const [binding] = server.registrar.bindings()
  expect(binding).toMatchObject({ transport: 'tls', received: `127.0.0.1:${phone.socket.localPort}` })
  const remote = { address: '127.0.0.1', port: phone.socket.localPort ?? 0 }
  expect(server.listeners.flowTo('tcp', remote, '127.0.0.1')).toBeUndefined()
  server.listeners.flowTo('tls', remote, '127.0.0.1')?.send('NOTIFY sip:101 SIP/2.0\r\n\r\n')
  await phone.until(/NOTIFY sip:101/)
  phone.socket.destroy()
  await phone.closed
  while (server.listeners.flowTo('tls', remote, '127.0.0.1')) await new Promise(setImmediate)
})

test('[RFC5626-4.4.1] pings are answered over TLS too', async () => {
  const { certificates, port } = await start()
  const phone = new TcpPhone(await secure(port, certificates.ca))
  await phone.write('\r\n\r\n')
  await phone.until(/^\r\n$/)
})

test('TLS 1.2 is spoken, older versions are not', async () => {
  const { certificates, port } = await start()
  const only = (version: string) => ({ minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' })
  expect((await secure(port, certificates.ca, only('TLSv1.2'))).getProtocol()).toBe('TLSv1.2')
  await expect(secure(port, certificates.ca, only('TLSv1.1'))).rejects.toThrow()
})

test('a new certificate is taken up without a restart, and connections stay', async () => {
  const { certificates, port } = await start()
  const before = new TcpPhone(await secure(port, certificates.ca))
  const oldCa = certificates.ca
  await certificates.renew()
  await secure(port, certificates.ca)
  await expect(secure(port, oldCa)).rejects.toThrow()
  await before.write(tlsRegister({ callId: 'before' }))
  await before.until(/401/)
})

test('a handshake that never ends counts as a connection of its address, one that failed does not', async () => {
  const { certificates, port } = await start({ tcpLimits: { ...TCP_LIMITS, connectionsPerAddress: 1 } })
  const silent = connect(port, '127.0.0.1')
  silent.on('error', () => undefined)
  await once(silent, 'connect')
  await expect(secure(port, certificates.ca)).rejects.toThrow()
  silent.end('this is no handshake\r\n\r\n')
  silent.resume()
  await once(silent, 'close')
  const phone = new TcpPhone(await secure(port, certificates.ca))
  await phone.write(tlsRegister({ callId: 'after' }))
  await phone.until(/401/)
})

test('who is refused is ended before the handshake', async () => {
  const { port } = await start({ refuses: () => true })
  const socket = connect(port, '127.0.0.1').resume()
  await once(socket, 'close')
  expect(socket.bytesRead).toBe(0)
})

test('when the server stops, connections and handshakes end', async () => {
  const { server, certificates, port } = await start()
  const phone = new TcpPhone(await secure(port, certificates.ca))
  const handshaking = new TcpPhone(connect(port, '127.0.0.1'))
  await once(handshaking.socket, 'connect')
  await server.stop()
  await Promise.all([phone.closed, handshaking.closed])
})
