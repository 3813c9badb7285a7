import { afterEach, describe, expect, test } from '@jest/globals'
import { TCP_LIMITS } from '../../../src/sip/edge/tcp.js'
import { headerValues } from '../../../src/sip/message.js'
import { parseDatagram } from '../../../src/sip/parse.js'
import { settle } from '../../support/fake-flow.js'
import { HeldStore } from '../../support/registrar-bench.js'
import { seededRandom } from '../../support/seeded-random.js'
import { authorizationFor, type RegisterParts, registerText } from '../../support/sip-requests.js'
import { closeWire, startWire, TcpPhone, tcpRegister, udpPhone } from '../../support/sip-wire.js'
import { eventually } from '../../support/server.js'

afterEach(closeWire)

const PING = '\r\n\r\n'
const BINDING_REQUEST = Buffer.from('000100002112a442b7e7a701bc34d686fa87dfae', 'hex')

function challengesIn(text: string): string[] {
  const parsed = parseDatagram(text)
  if (parsed.kind !== 'response') throw new Error(text)
  return headerValues(parsed.response, 'WWW-Authenticate')
}

/** As long as phones write it: what is shorter gets compact answers over UDP. */
const phoneText = (parts: RegisterParts = {}): string => registerText({ contact: '<sip:101@10.0.0.7:5062>', ...parts })

const answers = (text: string): string[] => text.match(/^SIP\/2\.0 \d+|^Call-ID: \S+/gm) ?? []

describe('a stream', () => {
  test('[RFC3261-18.3] many requests in one segment are answered one by one, in order', async () => {
    const phone = await TcpPhone.connect(await startWire())
    const ids = Array.from({ length: 12 }, (_, n) => `joined-${n}`)
    await phone.write(ids.map((callId) => tcpRegister({ callId })).join(''))
    const text = await phone.until(/joined-11[\s\S]*\r\n\r\n$/)
    expect(answers(text)).toEqual(ids.flatMap((id) => ['SIP/2.0 401', `Call-ID: ${id}`]))
  })

  test('[RFC3261-18.3] a request cut into segments of random length is one request', async () => {
    const phone = await TcpPhone.connect(await startWire())
    const stream = ['a', 'b', 'c', 'd'].map((callId) => tcpRegister({ callId })).join('')
    const random = seededRandom(5)
    for (let from = 0; from < stream.length;) {
      const to = from + 1 + ((random.bytes(1)[0] ?? 0) % 60)
      await phone.write(stream.slice(from, to))
      from = to
    }
    const text = await phone.until(/(SIP\/2\.0 401[\s\S]*?\r\n\r\n){4}$/)
    expect(answers(text).filter((line) => line.startsWith('Call'))).toEqual(
      ['a', 'b', 'c', 'd'].map((id) => `Call-ID: ${id}`),
    )
  })

  test('[RFC5626-4.4.1] pings are answered at once, alone, split, and between requests', async () => {
    const phone = await TcpPhone.connect(await startWire())
    for (const octet of PING) await phone.write(octet)
    await phone.until(/^\r\n$/)
    await phone.write(`${PING}${PING}${tcpRegister({ callId: 'x' })}${PING}`)
    expect(await phone.until(/401[\s\S]*\r\n\r\n\r\n$/)).toMatch(/^(\r\n){3}SIP\/2\.0 401[\s\S]*[^\n]\r\n\r\n\r\n$/)
  })

  test.each([
    ['a head that never ends', `REGISTER sip:example.com SIP/2.0\r\n${'X: y\r\n'.repeat(4_000)}`, undefined],
    ['a body beyond the limit', tcpRegister({ callId: 'x' }).replace('Length: 0', 'Length: 65537'), '413'],
    [
      '[RFC3261-21.5.7] more headers than can be wanted',
      tcpRegister({ callId: 'x', extra: Array.from({ length: 150 }, () => 'X: y') }),
      '513',
    ],
    ['a Content-Length in hex', tcpRegister({ callId: 'x' }).replace('Length: 0', 'Length: 0x10'), '400'],
    ['two Content-Lengths', tcpRegister({ callId: 'x', extra: ['l: 0'] }), '400'],
  ])('[RFC3261-18.3] %s ends the connection: nobody knows where the next message begins', async (_, text, status) => {
    const server = await startWire()
    const phone = await TcpPhone.connect(server)
    await phone.write(text + tcpRegister({ callId: 'never-read' }))
    await phone.closed
    expect(answers(phone.text).filter((line) => line.startsWith('SIP'))).toEqual(status ? [`SIP/2.0 ${status}`] : [])
    expect(server.errors).toEqual([])
  })

  test('[RFC3261-18.2.2] the answer comes by the connection of the request, of two from one address', async () => {
    const server = await startWire()
    const [one, other] = [await TcpPhone.connect(server), await TcpPhone.connect(server)]
    await one.write(tcpRegister({ callId: 'one' }))
    await other.write(tcpRegister({ callId: 'other' }))
    expect(await one.until(/\r\n\r\n$/)).toContain('Call-ID: one')
    expect(await other.until(/\r\n\r\n$/)).toContain('Call-ID: other')
  })

  test('a phone that asks and never reads is cut off', async () => {
    const server = await startWire({ tcpLimits: { ...TCP_LIMITS, unsentBytes: 2_000 } })
    const phone = await TcpPhone.connect(server)
    phone.socket.pause()
    const batch = Array.from({ length: 200 }, (_, n) => tcpRegister({ callId: `deaf-${n}` })).join('')
    const flood = setInterval(() => phone.socket.writable && phone.socket.write(batch), 5)
    try {
      await eventually(() => expect(phone.socket.destroyed || !phone.socket.writable).toBe(true), 20_000)
    } finally {
      clearInterval(flood)
    }
    expect(server.errors).toEqual([])
  })
})

describe('a transport that fails in the middle', () => {
  test('[RFC3261-17.2.4] a connection that breaks before the answer: the binding holds, and the phone registers anew', async () => {
    const store = new HeldStore()
    const server = await startWire({ registrar: { store } })
    const phone = await TcpPhone.connect(server)
    await phone.write(tcpRegister({ callId: 'a' }))
    const challenges = challengesIn(await phone.until(/\r\n\r\n$/))
    const register = (callId: string, cseq: number, count: number): string =>
      tcpRegister({
        ...{ callId, cseq, contact: '<sip:101@127.0.0.1:9>' },
        authorization: authorizationFor(challenges, '101', 'pw', { count }),
      })
    await phone.write(register('a', 2, 1))
    await eventually(() => expect(store.commits).toHaveLength(1))
    phone.socket.resetAndDestroy()
    await phone.closed
    store.release()
    await eventually(() => expect(server.registrar.bindings()).toHaveLength(1))
    const again = await TcpPhone.connect(server)
    await again.write(register('a', 3, 2))
    await eventually(() => expect(store.commits).toHaveLength(2))
    store.release()
    expect(await again.until(/\r\n\r\n$/)).toMatch(/^SIP\/2\.0 200 OK/)
    expect(server.registrar.bindings()).toMatchObject([{ cseq: 3 }])
    expect(server.errors).toEqual([])
  })

  test('[RFC3261-18.4] a connection that breaks inside a message leaves nothing of it', async () => {
    const server = await startWire()
    for (const length of [1, 30, 200, 300]) {
      const phone = await TcpPhone.connect(server)
      await phone.write(tcpRegister({ callId: 'half' }).slice(0, length))
      if (length % 20 === 0) phone.socket.resetAndDestroy()
      else phone.socket.end()
      await phone.closed
    }
    const phone = await TcpPhone.connect(server)
    await phone.write(tcpRegister({ callId: 'whole' }))
    expect(answers(await phone.until(/\r\n\r\n$/))).toEqual(['SIP/2.0 401', 'Call-ID: whole'])
    expect(server.errors).toEqual([])
  })

  test('[RFC3261-18.4] a UDP phone that is gone before its answer (port unreachable) disturbs nobody', async () => {
    const server = await startWire()
    for (let n = 0; n < 20; n += 1) {
      const gone = await udpPhone(server)
      gone.send(registerText({ callId: `gone-${n}` }))
      gone.close()
    }
    const phone = await udpPhone(server)
    for (let n = 0; n < 5; n += 1)
      expect((await phone.ask(registerText({ callId: `here-${n}` }))).text).toContain('401')
    expect(server.errors).toEqual([])
  })

  test('[RFC3261-17.2.4] a 200 that is lost comes again for the retransmission, though the server stopped hearing meanwhile', async () => {
    const store = new HeldStore()
    const server = await startWire({ registrar: { store } })
    const phone = await udpPhone(server)
    const challenges = challengesIn((await phone.ask(registerText())).text)
    const authorization = authorizationFor(challenges, '101', 'pw')
    const text = registerText({ cseq: 2, contact: '<sip:101@127.0.0.1:9>', authorization })
    phone.send(text)
    await eventually(() => expect(store.commits).toHaveLength(1))
    phone.send(text)
    await settle()
    expect(store.commits).toHaveLength(1)
    store.release()
    await eventually(() => expect(server.registrar.bindings()).toHaveLength(1))
    expect((await phone.ask(text)).text).toMatch(/^SIP\/2\.0 200 OK/)
    expect(store.commits).toHaveLength(1)
  })
})

describe('datagrams', () => {
  test('[RFC3261-18.1.1] a message of 60,000 octets is read', async () => {
    const phone = await udpPhone(await startWire())
    const text =
      registerText({ callId: 'big' }).replace('Content-Length: 0', 'Content-Length: 59000') + 'x'.repeat(59_000)
    expect((await phone.ask(text)).text).toMatch(/^SIP\/2\.0 401/)
  })

  test('[RFC3261-21.5.7] a head of 20,000 octets is refused with 513, and the next request is answered', async () => {
    const phone = await udpPhone(await startWire())
    const extra = Array.from({ length: 6 }, (_, n) => `X-${n}: ${'y'.repeat(3_500)}`)
    expect((await phone.ask(phoneText({ extra }))).text).toMatch(/^SIP\/2\.0 513/)
    expect((await phone.ask(phoneText())).text).toMatch(/^SIP\/2\.0 401/)
  })

  test('[RFC3261-18.3] octets behind the body are no second request', async () => {
    const server = await startWire()
    const phone = await udpPhone(server)
    const first = await phone.ask(phoneText({ callId: 'first' }) + phoneText({ callId: 'second' }))
    expect(answers(first.text)).toEqual(['SIP/2.0 401', 'Call-ID: first'])
    expect(answers((await phone.ask(phoneText({ callId: 'third' }))).text)).toEqual(['SIP/2.0 401', 'Call-ID: third'])
  })

  test('[RFC5626-8] a STUN keep-alive is answered with the address and port it came from', async () => {
    const phone = await udpPhone(await startWire())
    const answer = Buffer.from((await phone.ask(BINDING_REQUEST)).text, 'latin1')
    expect(answer.subarray(0, 20).toString('hex')).toBe('0101000c2112a442b7e7a701bc34d686fa87dfae')
    expect(answer.readUInt16BE(26) ^ 0x2112).toBe(phone.port)
    expect((answer.readUInt32BE(28) ^ 0x2112a442) >>> 0).toBe(0x7f000001)
  })

  test('[RFC5626-4.4.2] keep-alives of other kinds get no answer: CRLF, four NULs, a STUN indication', async () => {
    const phone = await udpPhone(await startWire())
    const indication = Buffer.from(BINDING_REQUEST)
    indication.writeUInt16BE(0x0011, 0)
    for (const data of [PING, '\r\n', Buffer.alloc(4), indication, '']) phone.send(data)
    expect(answers((await phone.ask(phoneText({ callId: 'only' }))).text)).toEqual(['SIP/2.0 401', 'Call-ID: only'])
  })

  test('[RFC3261-18.2.1] a sender that calls itself otherwise is told where it was seen', async () => {
    const phone = await udpPhone(await startWire())
    const via = `Via: SIP/2.0/UDP somewhere.example:${phone.port};branch=z9hG4bKv`
    expect((await phone.ask(phoneText({ via }))).text).toContain(';received=127.0.0.1')
  })

  test('[RFC3261-18.2.2] maddr in Via is not followed: an answer goes to nobody but the sender', async () => {
    const server = await startWire({ bind: ['127.0.0.1'] })
    const victim = await udpPhone(server, '127.0.0.1', '127.0.0.2')
    const phone = await udpPhone(server)
    const via = `Via: SIP/2.0/UDP 127.0.0.2:${victim.port};maddr=127.0.0.2;branch=z9hG4bKm;rport`
    expect((await phone.ask(phoneText({ via, callId: 'mine' }))).text).toContain('Call-ID: mine')
    expect((await victim.ask(phoneText({ callId: 'theirs' }))).text).toContain('Call-ID: theirs')
  })

  test('[RFC8489-6.3] a STUN request over TCP is no SIP: the connection is closed in time and nothing is said', async () => {
    const server = await startWire({ tcpLimits: { ...TCP_LIMITS, firstMessageMs: 100 } })
    const phone = await TcpPhone.connect(server)
    phone.socket.write(BINDING_REQUEST)
    await phone.closed
    expect(phone.text).toBe('')
  })
})

test('[RFC3261-18.2.2] two phones behind one address and one sent-by are each answered at their own port', async () => {
  const server = await startWire()
  const phones = [await udpPhone(server), await udpPhone(server)]
  const via = 'Via: SIP/2.0/UDP 192.168.1.5:5060;branch=z9hG4bKnat;rport'
  const seen = await Promise.all(phones.map((phone, n) => phone.ask(phoneText({ via, callId: `nat-${n}` }))))
  expect(seen.map(({ text }) => /Call-ID: (\S+)/.exec(text)?.[1])).toEqual(['nat-0', 'nat-1'])
  for (const [n, phone] of phones.entries()) expect(seen[n]?.text).toContain(`rport=${phone.port};received=127.0.0.1`)
})
