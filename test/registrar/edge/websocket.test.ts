import { afterEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { TCP_LIMITS } from '../../../src/sip/edge/tcp.js'
import { headerValues } from '../../../src/sip/message.js'
import { parseDatagram } from '../../../src/sip/parse.js'
import { FakeClock } from '../../support/fake-clock.js'
import { authorizationFor, registerText, type RegisterParts } from '../../support/sip-requests.js'
import { afterwards, closeWire, startWire } from '../../support/sip-wire.js'
import { eventually } from '../../support/server.js'
import type { TestRegistrar, TestRegistrarOptions } from '../../support/test-registrar.js'

afterEach(closeWire)

/** As JsSIP writes it: nothing in it is an address. */
const wsRegister = (parts: RegisterParts): string =>
  registerText({
    via: `Via: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK${parts.callId}${parts.cseq ?? 1}`,
    ...parts,
  })

/** The registrar behind an HTTP server that hands all its upgrades over. */
async function start(options: Partial<TestRegistrarOptions> = {}): Promise<{ server: TestRegistrar; port: number }> {
  const server = await startWire(options)
  const http = createServer()
  http.on('upgrade', (request, socket: Socket, head) => {
    server.listeners.webSockets.take(request, socket, head, {
      remote: { address: '127.0.0.1', port: socket.remotePort ?? 0 },
      local: { address: '127.0.0.1', port: socket.localPort ?? 0 },
      secure: false,
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  afterwards(() => http.close())
  return { server, port: (http.address() as AddressInfo).port }
}

class WebPhone {
  readonly received: { text: string; isBinary: boolean }[] = []
  readonly closed: Promise<unknown>

  private constructor(readonly socket: WebSocket) {
    socket.on('error', () => undefined)
    socket.on('message', (data, isBinary) =>
      this.received.push({ text: (data as Buffer).toString('latin1'), isBinary }),
    )
    this.closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)))
    afterwards(() => socket.terminate())
  }

  static async connect(port: number, options: object = {}): Promise<WebPhone> {
    const phone = new WebPhone(new WebSocket(`ws://127.0.0.1:${port}/ws`, ['sip'], options))
    await once(phone.socket, 'open')
    return phone
  }

  /** Waits for so many messages in all, and gives the last one. */
  async message(count: number): Promise<{ text: string; isBinary: boolean }> {
    while (this.received.length < count) await once(this.socket, 'message')
    return this.received[count - 1] ?? { text: '', isBinary: false }
  }
}

function challenges(text: string): string[] {
  const parsed = parseDatagram(text)
  return parsed.kind === 'response' ? headerValues(parsed.response, 'WWW-Authenticate') : []
}

async function status(port: number, headers: Record<string, string | undefined>): Promise<string> {
  const all: Record<string, string | undefined> = {
    ...{ Host: 'x', Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
    ...{ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol': 'sip' },
    ...headers,
  }
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  socket.write(['GET /ws HTTP/1.1', ...lines, '', ''].join('\r\n'))
  const [data] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return data.toString('latin1')
}

describe('the handshake', () => {
  test('[RFC7118-4.1] the subprotocol sip is chosen among others', async () => {
    const { port } = await start()
    const phone = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['chat', 'sip'])
    afterwards(() => phone.terminate())
    await once(phone, 'open')
    expect([phone.protocol, phone.extensions]).toEqual(['sip', ''])
  })

  test.each([
    ['[RFC7118-4.1] without the subprotocol sip', { 'Sec-WebSocket-Protocol': undefined }, '400 '],
    ['[RFC7118-4.1] with others alone', { 'Sec-WebSocket-Protocol': 'chat, sips' }, '400 '],
    ['[RFC6455-4.2.1] of another version', { 'Sec-WebSocket-Version': '12' }, '4(00|26) '],
    ['[RFC6455-4.2.1] without a key', { 'Sec-WebSocket-Key': undefined }, '400 '],
    ['[RFC6455-10.2] from a page of somebody else', { Origin: 'https://evil.example' }, '403 '],
    ['[RFC6455-10.2] from a page of an allowed origin', { Origin: 'https://crm.example' }, '101 '],
    ['that names no origin', {}, '101 '],
  ])('a request %s is answered', async (_, headers, answer) => {
    const { port } = await start({ isAllowedOrigin: (origin) => origin === 'https://crm.example' })
    expect(await status(port, headers)).toMatch(new RegExp(`^HTTP/1\\.1 ${answer}`))
  })

  test('who is refused gets nothing, and so does one connection too many', async () => {
    const refused = new Set(['127.0.0.1'])
    const { port } = await start({
      refuses: ({ address }) => refused.has(address),
      tcpLimits: { ...TCP_LIMITS, connectionsPerAddress: 1 },
    })
    await expect(WebPhone.connect(port)).rejects.toThrow()
    refused.clear()
    const first = await WebPhone.connect(port)
    await expect(WebPhone.connect(port)).rejects.toThrow()
    first.socket.close()
    await first.closed
    await WebPhone.connect(port)
  })
})

test('a handshake that is refused leaves no connection, though the client stays and goes on talking', async () => {
  const { port } = await start({ tcpLimits: { ...TCP_LIMITS, connectionsPerAddress: 1 } })
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  afterwards(() => socket.destroy())
  socket.on('error', () => undefined)
  socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nand more')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /)
  socket.write('and more')
  await eventually(() => WebPhone.connect(port))
})

describe('a web phone', () => {
  test('[RFC7118-5.4] registers without an address or Content-Length; the way back is its connection', async () => {
    const { server, port } = await start()
    const phone = await WebPhone.connect(port)
    const bare = (parts: RegisterParts): string => wsRegister(parts).replace('Content-Length: 0\r\n', '')
    phone.socket.send(bare({ callId: 'ws' }))
    const authorization = authorizationFor(challenges((await phone.message(1)).text), '101', 'pw')
    const contact = '<sip:r4nd0m@df7jal23ls0d.invalid;transport=ws>'
    phone.socket.send(bare({ callId: 'ws', cseq: 2, contact, authorization }))
    expect((await phone.message(2)).text).toMatch(/^SIP\/2\.0 200 OK\r\n[^]*received=127\.0\.0\.1/)
    const [binding] = server.registrar.bindings()
    expect(binding).toMatchObject({ transport: 'ws', contactUri: contact.slice(1, -1), local: '127.0.0.1' })
    const remote = { address: '127.0.0.1', port: Number(binding?.received.split(':')[1]) }
    server.listeners.flowTo('ws', remote, '127.0.0.1')?.send('NOTIFY sip:101 SIP/2.0\r\n\r\n')
    expect((await phone.message(3)).text).toBe('NOTIFY sip:101 SIP/2.0\r\n\r\n')
    phone.socket.close()
    await phone.closed
    while (server.listeners.flowTo('ws', remote, '127.0.0.1')) await new Promise(setImmediate)
  })

  test('[RFC7118-4.2] may speak text or binary; the answer is text, and binary only when it is no UTF-8', async () => {
    const { port } = await start()
    const phone = await WebPhone.connect(port)
    phone.socket.send(wsRegister({ callId: 'text' }))
    phone.socket.send(Buffer.from(wsRegister({ callId: 'binary' })))
    phone.socket.send(Buffer.from(wsRegister({ callId: 'caf\u00e9' }), 'latin1'))
    phone.socket.send(wsRegister({ callId: 'caf\u00e9' }))
    expect(await phone.message(1)).toMatchObject({ isBinary: false })
    expect(await phone.message(2)).toMatchObject({ isBinary: false })
    const latin1 = await phone.message(3)
    expect([latin1.isBinary, latin1.text.includes('Call-ID: caf\u00e9\r\n')]).toEqual([true, true])
    const utf8 = await phone.message(4)
    expect([utf8.isBinary, utf8.text.includes('Call-ID: caf\u00c3\u00a9\r\n')]).toEqual([false, true])
  })

  test('[RFC7118-5.4] sends one SIP message in one of the WebSocket: what comes behind it is not read', async () => {
    const { port } = await start()
    const phone = await WebPhone.connect(port)
    phone.socket.send(wsRegister({ callId: 'one' }) + wsRegister({ callId: 'two' }))
    phone.socket.send(wsRegister({ callId: 'three' }))
    expect((await phone.message(1)).text).toContain('Call-ID: one\r\n')
    expect((await phone.message(2)).text).toContain('Call-ID: three\r\n')
  })

  test('[RFC5626-4.4.1] is answered its pings; blank messages are skipped', async () => {
    const { port } = await start()
    const phone = await WebPhone.connect(port)
    phone.socket.send('\r\n')
    phone.socket.send('')
    phone.socket.send('\r\n\r\n')
    expect((await phone.message(1)).text).toBe('\r\n')
  })

  test('that sends more than a SIP message may hold is let go', async () => {
    const { port } = await start()
    const phone = await WebPhone.connect(port)
    phone.socket.send('x'.repeat(100_000))
    // RFC 6455 §7.4.1: too big.
    expect(await phone.closed).toBe(1009)
  })

  test('that does not read is let go', async () => {
    const { server, port } = await start({ tcpLimits: { ...TCP_LIMITS, unsentBytes: 2_000 } })
    const phone = await WebPhone.connect(port)
    const { remote } = await heard(server, phone)
    const flow = server.listeners.flowTo('ws', remote, '127.0.0.1')
    phone.socket.pause()
    for (let n = 0; n < 20_000 && server.listeners.flowTo('ws', remote, '127.0.0.1'); n += 1) {
      flow?.send('y'.repeat(10_000))
      await new Promise(setImmediate)
    }
    expect(server.listeners.flowTo('ws', remote, '127.0.0.1')).toBeUndefined()
  })

  test('[RFC6455-5.5.2] is answered its pings with what they hold', async () => {
    const { port } = await start()
    const phone = await WebPhone.connect(port)
    const answered = once(phone.socket, 'pong')
    phone.socket.ping('there?')
    expect(String((await answered)[0])).toBe('there?')
  })

  test('that pings and does not read the answers is let go', async () => {
    const { server, port } = await start({ tcpLimits: { ...TCP_LIMITS, unsentBytes: 2_000 } })
    const phone = await WebPhone.connect(port)
    const { remote } = await heard(server, phone)
    phone.socket.pause()
    for (let n = 0; n < 200_000 && server.listeners.flowTo('ws', remote, '127.0.0.1'); n += 1) {
      phone.socket.ping(Buffer.alloc(125))
      if (n % 500 === 0) await new Promise(setImmediate)
    }
    await eventually(() => expect(server.listeners.flowTo('ws', remote, '127.0.0.1')).toBeUndefined())
  })
})

/** Registers a web phone and tells where it is. */
async function heard(server: TestRegistrar, phone: WebPhone): Promise<{ remote: { address: string; port: number } }> {
  phone.socket.send(wsRegister({ callId: 'heard' }))
  const authorization = authorizationFor(challenges((await phone.message(1)).text), '101', 'pw')
  const contact = '<sip:x@y.invalid;transport=ws>'
  phone.socket.send(wsRegister({ callId: 'heard', cseq: 2, contact, authorization }))
  await phone.message(2)
  const received = server.registrar.bindings()[0]?.received ?? ''
  return { remote: { address: '127.0.0.1', port: Number(received.split(':')[1]) } }
}

describe('time', () => {
  test('[RFC7118-6] every half minute clients are asked whether they are there; those that are not are let go', async () => {
    const clock = new FakeClock()
    const { server, port } = await start({ clock })
    const phone = await WebPhone.connect(port, { autoPong: true })
    const dead = await WebPhone.connect(port, { autoPong: false })
    await heard(server, phone)
    dead.socket.send(wsRegister({ callId: 'dead' }))
    await dead.message(1)
    const asked = [once(phone.socket, 'ping'), once(dead.socket, 'ping')]
    clock.advance(30_000)
    await Promise.all(asked)
    // What the living one says next comes behind its pong.
    phone.socket.send('\r\n\r\n')
    await phone.message(3)
    clock.advance(30_000)
    expect(await dead.closed).toBe(1006)
    expect(phone.socket.readyState).toBe(phone.socket.OPEN)
  })

  test('a client that says nothing is let go', async () => {
    const clock = new FakeClock()
    const { port } = await start({ clock })
    const phone = await WebPhone.connect(port)
    const asked = once(phone.socket, 'ping')
    clock.advance(30_000)
    await asked
    clock.advance(30_000)
    expect(await phone.closed).toBe(1006)
  })

  test('when the server stops it says good-bye, and leaves no timer', async () => {
    const clock = new FakeClock()
    const { server, port } = await start({ clock })
    const phone = await WebPhone.connect(port)
    await server.stop()
    // RFC 6455 §7.4.1: going away.
    expect(await phone.closed).toBe(1001)
    expect(clock.pending).toBe(0)
    await expect(WebPhone.connect(port)).rejects.toThrow()
  })
})
