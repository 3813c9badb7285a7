import { afterEach, describe, expect, test } from '@jest/globals'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { TCP_LIMITS } from '../../../src/sip/edge/tcp.js'
import { headerValues } from '../../../src/sip/message.js'
import { parseDatagram } from '../../../src/sip/parse.js'
import { authorizationFor, registerText } from '../../support/sip-requests.js'
import { ACCOUNTS, afterwards, closeWire, startWire, TcpPhone, tcpRegister, udpPhone } from '../../support/sip-wire.js'
import { startTestRegistrar } from '../../support/test-registrar.js'

afterEach(closeWire)

describe('one port number', () => {
  test('UDP and TCP answer on the same number, on IPv4 and IPv6', async () => {
    const server = await startWire({ bind: 'all' })
    expect((await (await udpPhone(server)).ask(registerText())).text).toMatch(/^SIP\/2.0 401/)
    expect((await (await udpPhone(server, '::1', '::1')).ask(registerText())).text).toMatch(/^SIP\/2.0 401/)
    for (const host of ['127.0.0.1', '::1']) {
      const phone = await TcpPhone.connect(server, host)
      await phone.write(tcpRegister({ callId: 'x' }))
      expect(await phone.until(/\r\n\r\n$/)).toMatch(/^SIP\/2.0 401/)
    }
  })

  test('a number that TCP does not have is refused, and nothing stays open', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    afterwards(() => taken.close())
    const { port } = taken.address() as { port: number }
    await expect(startWire({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    const udp = createSocket('udp4').bind(port, '127.0.0.1')
    await once(udp, 'listening')
    udp.close()
  })
})

describe('UDP', () => {
  test('[RFC3581-4] the answer comes from the address that was asked, to the source port', async () => {
    const server = await startWire({ bind: ['127.0.0.1', '127.0.0.2'] })
    const phone = await udpPhone(server, '127.0.0.2', '127.0.0.9')
    const { text, from } = await phone.ask(
      registerText({ via: 'Via: SIP/2.0/UDP 10.1.1.1:5060;branch=z9hG4bKa;rport' }),
    )
    expect(from).toBe('127.0.0.2')
    expect(text).toContain(`rport=${phone.port};received=127.0.0.9`)
  })

  test('[RFC3261-18.2.2] without rport the answer goes to the sent-by port', async () => {
    const server = await startWire()
    const listening = await udpPhone(server)
    const sending = await udpPhone(server)
    const via = `Via: SIP/2.0/UDP 127.0.0.1:${listening.port};branch=z9hG4bKa`
    sending.send(registerText({ via }))
    const { text } = await listening.ask('\r\n\r\n')
    expect(text).toMatch(/^SIP\/2.0 401/)
  })

  test('garbage of any length changes nothing and is not answered', async () => {
    const server = await startWire()
    const phone = await udpPhone(server)
    for (let length = 0; length <= 64; length += 1) phone.send(Buffer.alloc(length, length))
    phone.send(Buffer.alloc(60_000, 0x3b))
    phone.send('REGISTER sip:example.com SIP/2.0\r\n\r\n')
    expect((await phone.ask(registerText())).text).toMatch(/^SIP\/2.0 401/)
    expect(server.errors).toEqual([])
  })

  test('a whole registration, and a resend of it', async () => {
    const server = await startWire()
    const phone = await udpPhone(server)
    const parsed = parseDatagram((await phone.ask(registerText())).text)
    if (parsed.kind !== 'response') throw new Error(parsed.kind)
    const authorization = authorizationFor(headerValues(parsed.response, 'WWW-Authenticate'), '101', 'pw')
    const text = registerText({ cseq: 2, contact: '<sip:101@127.0.0.1:9>', authorization })
    const first = await phone.ask(text)
    expect(first.text).toMatch(/^SIP\/2.0 200 OK\r\n/)
    expect(await phone.ask(text)).toEqual(first)
    expect(server.registrar.bindings()).toMatchObject([{ received: `127.0.0.1:${phone.port}`, transport: 'udp' }])
  })
})

describe('TCP', () => {
  test('[RFC3261-18.3] requests are read however the stream is cut', async () => {
    const server = await startWire()
    const phone = await TcpPhone.connect(server)
    const stream = ['a', 'b', 'c'].map((callId) => tcpRegister({ callId })).join('')
    const cuts = [0, 1, 7, 40, 41, 200, stream.length - 2, stream.length]
    for (let i = 1; i < cuts.length; i += 1) await phone.write(stream.slice(cuts[i - 1], cuts[i]))
    const text = await phone.until(/(SIP\/2.0 401[\s\S]*){3}\r\n\r\n$/)
    expect(text.match(/Call-ID: \w/g)).toEqual(['Call-ID: a', 'Call-ID: b', 'Call-ID: c'])
  })

  test('[RFC5626-4.4.1] a double CRLF is answered with one', async () => {
    const phone = await TcpPhone.connect(await startWire())
    await phone.write('\r\n\r\n')
    expect(await phone.until(/\r\n$/)).toBe('\r\n')
  })

  test('a registration over TCP is answered on its connection, whatever Via says', async () => {
    const server = await startWire()
    const phone = await TcpPhone.connect(server)
    await phone.write(tcpRegister({ callId: 'r' }))
    const parsed = parseDatagram(await phone.until(/\r\n\r\n$/))
    if (parsed.kind !== 'response') throw new Error(parsed.kind)
    const authorization = authorizationFor(headerValues(parsed.response, 'WWW-Authenticate'), '101', 'pw')
    const via = 'Via: SIP/2.0/TCP 10.9.9.9:1;branch=z9hG4bKq'
    await phone.write(registerText({ via, callId: 'r', cseq: 2, contact: '<sip:101@127.0.0.1>', authorization }))
    await phone.until(/SIP\/2.0 200 OK[\s\S]*\r\n\r\n$/)
    expect(server.registrar.bindings()).toMatchObject([{ transport: 'tcp' }])
  })

  test.each([
    ['without Content-Length', (text: string) => text.replace('Content-Length: 0\r\n', '')],
    ['with a negative Content-Length', (text: string) => text.replace('Length: 0', 'Length: -1')],
  ])('a request %s is answered 400 and the connection closed', async (_, break_) => {
    const phone = await TcpPhone.connect(await startWire())
    await phone.write(break_(tcpRegister({ callId: 'x' })) + tcpRegister({ callId: 'never-read' }))
    await phone.closed
    expect(phone.text.match(/^SIP\/2.0 \d+/gm)).toEqual(['SIP/2.0 400'])
  })

  test('who says nothing, or never ends a message, is disconnected', async () => {
    const server = await startWire({
      tcpLimits: { ...TCP_LIMITS, firstMessageMs: 50, restOfMessageMs: 50, idleMs: 60_000 },
    })
    const quiet = await TcpPhone.connect(server)
    const slow = await TcpPhone.connect(server)
    await slow.write(tcpRegister({ callId: 'one' }) + 'REGISTER sip:example.com SIP/2.0\r\nVia: ')
    await Promise.all([quiet.closed, slow.closed])
    expect([quiet.text, slow.text.slice(0, 11)]).toEqual(['', 'SIP/2.0 401'])
  })

  test('connections of one address are limited, and free again when they close', async () => {
    const server = await startWire({ tcpLimits: { ...TCP_LIMITS, connectionsPerAddress: 2 } })
    const first = await TcpPhone.connect(server)
    const second = await TcpPhone.connect(server)
    const third = await TcpPhone.connect(server)
    await third.closed
    first.socket.destroy()
    await second.write(tcpRegister({ callId: 'still-there' }))
    await second.until(/401/)
    const fourth = await TcpPhone.connect(server)
    await fourth.write(tcpRegister({ callId: 'again' }))
    await fourth.until(/401/)
  })

  test('a connection that is reset while its answer is written does no harm', async () => {
    const server = await startWire()
    for (let i = 0; i < 20; i += 1) {
      const phone = await TcpPhone.connect(server)
      phone.socket.write(tcpRegister({ callId: `r${i}` }))
      phone.socket.resetAndDestroy()
    }
    const phone = await TcpPhone.connect(server)
    await phone.write(tcpRegister({ callId: 'after' }))
    expect(await phone.until(/\r\n\r\n$/)).toContain('401')
    expect(server.errors).toEqual([])
  })

  test('closing the listeners closes the connections', async () => {
    const server = await startTestRegistrar({ accounts: ACCOUNTS, domain: 'example.com' })
    const phone = await TcpPhone.connect(server)
    await phone.write(tcpRegister({ callId: 'x' }))
    await phone.until(/401/)
    await server.stop()
    await phone.closed
  })
})
