import { describe, expect, test } from '@jest/globals'
import { parseDatagram } from '../../src/sip/parse.js'
import { CLIENT_START, type ClientNonInvite, stepClient } from '../../src/sip/transaction/client-non-invite.js'
import { transactionKey } from '../../src/sip/transaction/key.js'
import { stepServer, TRYING } from '../../src/sip/transaction/server-non-invite.js'
import { ServerTransactions } from '../../src/sip/transaction/table.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeFlow } from '../support/fake-flow.js'
import { registerText } from '../support/sip-requests.js'

describe('[RFC3261-17.2.2] server, non-INVITE', () => {
  test('a retransmission before the answer is absorbed, after it gets the same answer', () => {
    expect(stepServer(TRYING, { kind: 'request' }, false)).toEqual({ state: TRYING, outputs: [] })
    const done = stepServer(TRYING, { kind: 'respond', answer: 'A' }, false)
    expect(done.outputs).toEqual([
      { kind: 'send', answer: 'A' },
      { kind: 'start-timer-j', ms: 32_000 },
    ])
    expect(stepServer(done.state, { kind: 'request' }, false).outputs).toEqual([{ kind: 'send', answer: 'A' }])
    expect(stepServer(done.state, { kind: 'respond', answer: 'B' }, false)).toEqual({ state: done.state, outputs: [] })
    expect(stepServer(done.state, { kind: 'timer-j' }, false).outputs).toEqual([{ kind: 'terminated' }])
  })

  test('over TCP it ends with its answer: timer J is zero', () => {
    const { outputs } = stepServer(TRYING, { kind: 'respond', answer: 'A' }, true)
    expect(outputs).toEqual([{ kind: 'send', answer: 'A' }, { kind: 'terminated' }])
  })

  test('timer J before the answer does nothing', () => {
    expect(stepServer(TRYING, { kind: 'timer-j' }, false)).toEqual({ state: TRYING, outputs: [] })
  })
})

describe('the table', () => {
  test('keeps an answer for 32 seconds on UDP, and leaves no timer behind', () => {
    const clock = new FakeClock()
    const table = new ServerTransactions(clock, 10)
    table.begin('a', false)
    expect(table.look('a')).toEqual({ kind: 'absorbed' })
    expect(table.respond('a', 'A')).toBe('A')
    clock.advance(31_999)
    expect(table.look('a')).toEqual({ kind: 'again', answer: 'A' })
    clock.advance(300)
    expect(table.look('a')).toEqual({ kind: 'new' })
    expect([table.size, clock.pending]).toEqual([0, 0])
  })

  test('one timer serves all of them', () => {
    const clock = new FakeClock()
    const table = new ServerTransactions(clock, 10_000)
    for (let i = 0; i < 5_000; i += 1) {
      table.begin(`k${i}`, false)
      table.respond(`k${i}`, 'x')
      if (i % 100 === 0) clock.advance(10)
    }
    expect([table.size, clock.pending]).toEqual([5_000, 1])
    clock.advance(40_000)
    expect([table.size, clock.pending]).toEqual([0, 0])
  })

  test('full of answers, it forgets the oldest; full of work, it refuses', () => {
    const table = new ServerTransactions(new FakeClock(), 2)
    expect(table.begin('a', false) && table.begin('b', false)).toBe(true)
    expect(table.begin('c', false)).toBe(false)
    table.respond('a', 'A')
    expect(table.begin('c', false)).toBe(true)
    expect(table.look('a')).toEqual({ kind: 'new' })
    expect(table.size).toBe(2)
  })

  test('over TCP nothing stays', () => {
    const clock = new FakeClock()
    const table = new ServerTransactions(clock, 10)
    table.begin('a', true)
    expect(table.respond('a', 'A')).toBe('A')
    expect([table.size, clock.pending]).toEqual([0, 0])
  })

  test('closing cancels its timer', () => {
    const clock = new FakeClock()
    const table = new ServerTransactions(clock, 10)
    table.begin('a', false)
    table.respond('a', 'A')
    table.close()
    expect([table.size, clock.pending]).toEqual([0, 0])
  })
})

describe('[RFC3261-17.2.3] the key', () => {
  const keyOf = (text: string, flow = new FakeFlow()): string => {
    const parsed = parseDatagram(text)
    if (parsed.kind !== 'request') throw new Error(parsed.kind)
    return transactionKey(parsed.request, parsed.envelope, flow)
  }
  const base = { branch: 'z9hG4bKa' }

  test('a retransmission has the same key, whatever its source port', () => {
    const other = new FakeFlow('udp', { address: '10.0.0.7', port: 9 })
    expect(keyOf(registerText(base), other)).toBe(keyOf(registerText(base)))
  })

  test.each([
    ['branch', registerText({ branch: 'z9hG4bKb' }), undefined],
    ['sent-by', registerText({ via: 'Via: SIP/2.0/UDP 10.0.0.8:5062;branch=z9hG4bKa' }), undefined],
    ['CSeq', registerText({ ...base, cseq: 2 }), undefined],
    ['Call-ID', registerText({ ...base, callId: 'other' }), undefined],
    ['method', registerText({ ...base, method: 'OPTIONS' }), undefined],
    ['source', registerText(base), new FakeFlow('udp', { address: '10.0.0.8', port: 5062 })],
    ['transport', registerText(base), new FakeFlow('tcp')],
  ])('another %s is another transaction', (_, text, flow) => {
    expect(keyOf(text, flow)).not.toBe(keyOf(registerText(base)))
  })

  test('without the magic cookie Request-URI and tags decide, as in RFC 2543', () => {
    const via = 'Via: SIP/2.0/UDP 10.0.0.7:5062'
    const old = registerText({ via })
    expect(keyOf(registerText({ via }))).toBe(keyOf(old))
    expect(keyOf(old.replace('tag=f1', 'tag=f2'))).not.toBe(keyOf(old))
    expect(keyOf(old.replace('sip:example.com SIP', 'sip:example.net SIP'))).not.toBe(keyOf(old))
    const bare = registerText({ via: `${via};branch=z9hG4bK` })
    expect(keyOf(bare.replace('tag=f1', 'tag=f2'))).not.toBe(keyOf(bare))
  })
})

describe('[RFC3261-17.1.2] client, non-INVITE', () => {
  const resends = (reliable: boolean): number[] => {
    const at: number[] = []
    let now = 0
    let state: ClientNonInvite = CLIENT_START
    let due = 0
    const run = (input: Parameters<typeof stepClient>[1]): void => {
      const step = stepClient(state, input, reliable)
      state = step.state
      for (const output of step.outputs) {
        if (output.kind === 'send') at.push(now)
        if (output.kind === 'start-timer-e') due = now + output.ms
      }
    }
    run({ kind: 'start' })
    while (due > now && due < 32_000) {
      now = due
      run({ kind: 'timer-e' })
    }
    now = 32_000
    run({ kind: 'timer-f' })
    expect(state.phase).toBe('timed-out')
    return at
  }

  test('timer E doubles from 500 ms to 4 s, timer F ends it after 32 s', () => {
    expect(resends(false)).toEqual([0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500])
  })

  test('over TCP it sends once', () => expect(resends(true)).toEqual([0]))

  test('after a provisional answer it resends every 4 s; a final one cancels the timers', () => {
    const proceeding = stepClient(CLIENT_START, { kind: 'response', status: 100 }, false).state
    expect(stepClient(proceeding, { kind: 'timer-e' }, false).outputs).toContainEqual({
      kind: 'start-timer-e',
      ms: 4_000,
    })
    const done = stepClient(proceeding, { kind: 'response', status: 200 }, false)
    expect(done.outputs.slice(0, 2)).toEqual([{ kind: 'cancel-timers' }, { kind: 'deliver' }])
    expect(stepClient(done.state, { kind: 'timer-e' }, false).outputs).toEqual([])
    expect(stepClient(done.state, { kind: 'response', status: 401 }, false).outputs).toEqual([])
  })

  test('timer K: the final answer is delivered once, copies of it are taken in for 5 s; over TCP it ends at once', () => {
    const done = stepClient(CLIENT_START, { kind: 'response', status: 200 }, false)
    expect(done.state.phase).toBe('completed')
    expect(done.outputs.at(-1)).toEqual({ kind: 'start-timer-k', ms: 5_000 })
    expect(stepClient(done.state, { kind: 'response', status: 200 }, false).outputs).toEqual([])
    const over = stepClient(done.state, { kind: 'timer-k' }, false)
    expect(over).toMatchObject({ state: { phase: 'terminated' }, outputs: [{ kind: 'terminated' }] })
    expect(stepClient(over.state, { kind: 'timer-k' }, false).outputs).toEqual([])
    const reliable = stepClient(CLIENT_START, { kind: 'response', status: 200 }, true)
    expect(reliable.state.phase).toBe('terminated')
    expect(reliable.outputs).toEqual([{ kind: 'cancel-timers' }, { kind: 'deliver' }, { kind: 'terminated' }])
  })

  test('timer K that comes before an answer does nothing', () => {
    expect(stepClient(CLIENT_START, { kind: 'timer-k' }, false)).toEqual({ state: CLIENT_START, outputs: [] })
  })
})
