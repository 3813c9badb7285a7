import { describe, expect, test } from '@jest/globals'
import { parseDatagram, type Parsed } from '../../src/sip/parse.js'
import { type ClientEnd, ClientTransactions } from '../../src/sip/transaction/client-table.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeFlow } from '../support/fake-flow.js'

function answer(branch: string, status = 200, method = 'NOTIFY'): Extract<Parsed, { kind: 'response' }> {
  const parsed = parseDatagram(
    `SIP/2.0 ${status} Whatever\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=${branch}\r\nFrom: <sip:a@b>;tag=1\r\n` +
      `To: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 ${method}\r\nContent-Length: 0\r\n\r\n`,
  )
  if (parsed.kind !== 'response') throw new Error(parsed.kind)
  return parsed
}

class Sent {
  readonly clock = new FakeClock()
  readonly table = new ClientTransactions(this.clock)
  readonly ends: ClientEnd[] = []

  constructor(readonly flow = new FakeFlow()) {}

  start(branch = 'z9hG4bKa'): void {
    this.table.start({ text: 'the request', branch, method: 'NOTIFY', flow: this.flow }, (end) => this.ends.push(end))
  }
}

describe('[RFC3261-17.1.2] client transactions of the server', () => {
  test('a lost request is sent again until it is answered, and the answer is handed on once', () => {
    const sent = new Sent()
    sent.start()
    sent.clock.advance(1_600)
    expect(sent.flow.sent.map(({ text }) => text)).toEqual(['the request', 'the request', 'the request'])
    expect(sent.table.receive(answer('z9hG4bKa'))).toBe(true)
    expect(sent.table.receive(answer('z9hG4bKa'))).toBe(true)
    sent.clock.advance(4_000)
    expect([sent.flow.sent.length, sent.table.size]).toEqual([3, 1])
    sent.clock.advance(1_000)
    expect([sent.table.size, sent.clock.pending]).toEqual([0, 0])
    expect(sent.ends).toMatchObject([{ kind: 'answered', response: { status: 200 } }])
    expect(sent.table.receive(answer('z9hG4bKa'))).toBe(false)
  })

  test('a provisional answer is not the end', () => {
    const sent = new Sent()
    sent.start()
    sent.table.receive(answer('z9hG4bKa', 100))
    expect(sent.ends).toEqual([])
    sent.table.receive(answer('z9hG4bKa', 404))
    expect(sent.ends).toMatchObject([{ response: { status: 404 } }])
  })

  test('without an answer it ends after 32 seconds and leaves nothing behind', () => {
    const sent = new Sent()
    sent.start()
    sent.clock.advance(31_999)
    expect(sent.ends).toEqual([])
    sent.clock.advance(1)
    expect(sent.ends).toEqual([{ kind: 'timed-out' }])
    expect([sent.flow.sent.length, sent.table.size, sent.clock.pending]).toEqual([11, 0, 0])
  })

  test('over TCP the request is sent once', () => {
    const sent = new Sent(new FakeFlow('tcp'))
    sent.start()
    sent.clock.advance(20_000)
    expect(sent.flow.sent).toHaveLength(1)
    sent.table.receive(answer('z9hG4bKa'))
    expect([sent.table.size, sent.clock.pending]).toEqual([0, 0])
  })

  test('[RFC3261-17.1.3] an answer with another branch or method belongs to nobody', () => {
    const sent = new Sent()
    sent.start()
    expect(sent.table.receive(answer('z9hG4bKb'))).toBe(false)
    expect(sent.table.receive(answer('z9hG4bKa', 200, 'REGISTER'))).toBe(false)
    expect(sent.ends).toEqual([])
  })

  test('closing forgets all of them and cancels their timers', () => {
    const sent = new Sent()
    sent.start()
    sent.start('z9hG4bKb')
    sent.table.close()
    sent.clock.advance(60_000)
    expect([sent.ends.length, sent.table.size, sent.clock.pending]).toEqual([0, 0, 0])
  })
})
