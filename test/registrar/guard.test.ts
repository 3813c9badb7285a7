import { describe, expect, test } from '@jest/globals'
import { Limits } from '../../src/limits/edge/limits.js'
import { SipGuard } from '../../src/limits/edge/sip-guard.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { NO_GUARD, type RegistrarGuard } from '../../src/registrar/guard.js'
import { headerValues } from '../../src/sip/message.js'
import { parseDatagram } from '../../src/sip/parse.js'
import { FakeClock } from '../support/fake-clock.js'
import { deliver, FakeFlow } from '../support/fake-flow.js'
import { MemoryBanStore } from '../support/memory-ban-store.js'
import { Bench, A } from '../support/registrar-bench.js'
import { authorizationFor, registerText } from '../support/sip-requests.js'

/** A flow that knows how long the datagram was, as the UDP transport's does. */
const datagramFlow = (text: string): FakeFlow => Object.assign(new FakeFlow(), { octets: text.length })

const PHONE_HEADERS = [
  'Allow: INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, REFER, PUBLISH, UPDATE, MESSAGE',
  'User-Agent: Yealink SIP-T21P_E2 52.84.0.125',
  'Expires: 3600',
  'Allow-Events: talk,hold,conference,refer,check-sync',
]

const from = (address: string, port = 5062): FakeFlow => new FakeFlow('udp', { address, port })

/** Remembers what it was told, and answers as it is set. */
class TestGuard implements RegistrarGuard {
  answer: 'full' | 'short' | 'silent' = 'full'
  barred = ''
  strangers = 0
  readonly wrong: string[] = []
  readonly oddities: string[] = []
  strangerAnswer(): 'full' | 'short' | 'silent' {
    this.strangers += 1
    return this.answer
  }
  mayTry(username: string): boolean {
    return username !== this.barred
  }
  wrongPassword(username: string, _guess: string, proven: boolean): void {
    this.wrong.push(`${username} ${proven ? 'proven' : 'forged?'}`)
  }
  odd(kind: string): void {
    this.oddities.push(kind)
  }
}

describe('strangers', () => {
  test('get both challenges, or one, or silence, as the guard says', async () => {
    const guard = new TestGuard()
    const bench = await Bench.start({ guard })
    expect(await bench.challenges()).toHaveLength(2)
    guard.answer = 'short'
    expect(await bench.challenges()).toHaveLength(1)
    guard.answer = 'silent'
    for (const method of ['REGISTER', 'OPTIONS', 'INVITE']) expect((await bench.ask({ method })).sent).toEqual([])
    expect((await bench.ask({ domain: 'elsewhere.example' })).sent).toEqual([])
    expect(guard.oddities).toEqual(['bad-method'])
  })

  test.each([
    ['as phones write it', { contact: A, extra: PHONE_HEADERS }, 2],
    ['without a User-Agent', { contact: A }, 1],
    ['without a Contact', {}, 1],
  ])('over UDP a 401 to a REGISTER %s is at most 1.5 times as long', async (_, parts, challenges) => {
    const bench = await Bench.start({ guard: new TestGuard() })
    const text = registerText(parts)
    const flow = datagramFlow(text)
    await deliver(bench.registrar, text, flow)
    expect(headerValues(flow.answer, 'WWW-Authenticate')).toHaveLength(challenges)
    expect((flow.sent[0]?.text.length ?? 0) / text.length).toBeLessThanOrEqual(1.5)
  })

  test('[RFC3261-7.3.3] a phone registers with the shortest 401 too: compact, one challenge, MD5 unsaid', async () => {
    const bench = await Bench.start({ guard: new TestGuard() })
    const text = registerText()
    const flow = datagramFlow(text)
    await deliver(bench.registrar, text, flow)
    expect(flow.sent[0]?.text).toMatch(/^SIP\/2\.0 401 Unauthorized\r\nv:SIP.*\r\nf:<sip.*\r\nt:<sip.*\r\ni:call-1\r\n/)
    expect(flow.sent[0]?.text).not.toMatch(/Content-Length|algorithm/)
    const challenges = headerValues(flow.answer, 'WWW-Authenticate')
    const authorization = authorizationFor(challenges, '101', 'secret-101')
    expect((await bench.ask({ contact: A, authorization })).answer.status).toBe(200)
  })

  test('a REGISTER or OPTIONS so short that any answer would be 1.5 times as long gets none', async () => {
    const bench = await Bench.start({ guard: new TestGuard() })
    for (const method of ['REGISTER', 'OPTIONS']) {
      const text = `${method} sip:example.com SIP/2.0\r\nv:SIP/2.0/UDP a\r\nf:sip:a@b\r\nt:sip:a@example.com\r\ni:a\r\nCSeq:1 ${method}\r\n\r\n`
      const flow = datagramFlow(text)
      await deliver(bench.registrar, text, flow)
      expect(flow.sent).toEqual([])
      const connection = new FakeFlow('tcp')
      await deliver(bench.registrar, text, connection)
      expect(connection.sent).toHaveLength(1)
    }
  })

  test('who proves a password is never counted as one', async () => {
    const guard = new TestGuard()
    const bench = await Bench.start({ guard })
    const challenges = await bench.challenges()
    guard.answer = 'silent'
    const authorization = authorizationFor(challenges, '101', 'secret-101')
    expect((await bench.ask({ contact: A, authorization })).answer.status).toBe(200)
    // A stale nonce is no failure.
    bench.clock.advance(301_000)
    const stale = await bench.ask({ contact: A, authorization })
    expect(headerValues(stale.answer, 'WWW-Authenticate')[0]).toMatch(/stale=true/)
    expect([guard.strangers, guard.wrong]).toEqual([1, []])
  })
})

describe('a wrong password', () => {
  test.each(['101', 'nobody'])('of %s is told with whether the address is proven', async (username) => {
    const guard = new TestGuard()
    const bench = await Bench.start({ guard })
    const challenges = headerValues((await bench.ask({}, from('192.0.2.1'))).answer, 'WWW-Authenticate')
    const authorization = authorizationFor(challenges, username, 'guess')
    expect((await bench.ask({ authorization }, from('192.0.2.1'))).answer.status).toBe(401)
    // The same nonce with a forged source.
    await bench.ask({ authorization }, from('192.0.2.99'))
    expect(guard.wrong).toEqual([`${username} proven`, `${username} forged?`])
  })

  test.each(['101', 'nobody'])('of %s who is barred there is not even looked at: silence', async (username) => {
    const guard = new TestGuard()
    const bench = await Bench.start({ guard })
    const challenges = await bench.challenges()
    guard.barred = username
    for (const password of ['guess', 'secret-101']) {
      const authorization = authorizationFor(challenges, username, password)
      expect((await bench.ask({ contact: A, authorization })).sent).toEqual([])
    }
    expect(guard.wrong).toEqual([])
  })
})

test('without a guard everybody is answered', () => {
  const flow = from('192.0.2.1')
  expect([NO_GUARD.strangerAnswer(flow), NO_GUARD.mayTry('101', flow)]).toEqual(['full', true])
})

test('5,000 phones behind one address that nobody knew register at once, resending what got no answer', async () => {
  const PHONES = 5_000
  const OFFICE = '198.51.100.7'
  const clock = new FakeClock()
  const limits = await Limits.open({
    ...{ clock, log: SILENT_LOG, store: new MemoryBanStore() },
    ...{ isExempt: () => false, atHome: () => 0, liveEndpoints: () => new Set<string>() },
  })
  const guard = new SipGuard(limits, undefined)
  const bench = await Bench.start({
    guard,
    onChange: ({ kind }) => {
      if (kind === 'save') limits.vouch(OFFICE)
    },
  })
  const users = Array.from({ length: PHONES }, (_, n) => String(1_000 + n))
  for (const number of users) bench.accounts.accounts.set(number, { username: number, password: `p${number}`, number })
  const flows = new Map(users.map((user, n) => [user, from(OFFICE, 10_000 + n)]))
  let rounds = 0
  const registered = new Set<string>()
  while (registered.size < PHONES && rounds < 4) {
    rounds += 1
    for (const [user, flow] of flows) {
      if (registered.has(user)) continue
      flow.sent.length = 0
      bench.registrar.handle(parseDatagram(registerText({ user, callId: user, cseq: rounds * 2 })), flow)
      if (flow.sent.length === 0) continue
      const challenges = headerValues(flow.answer, 'WWW-Authenticate')
      const authorization = authorizationFor(challenges, user, `p${user}`)
      const contact = `<sip:${user}@10.0.0.7:5062>`
      const parts = { user, callId: user, cseq: rounds * 2 + 1, contact, authorization }
      bench.registrar.handle(parseDatagram(registerText(parts)), flow)
      await new Promise((resolve) => setImmediate(resolve))
      if (flow.sent.length > 1 && flow.answer.status === 200) registered.add(user)
    }
    clock.advance(500)
  }
  expect(registered.size).toBe(PHONES)
  expect(rounds).toBeLessThanOrEqual(2)
  await limits.stop()
})
