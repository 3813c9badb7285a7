import { describe, expect, test } from '@jest/globals'
import { headerValue, headerValues } from '../../src/sip/message.js'
import type { FakeFlow } from '../support/fake-flow.js'
import { A, Bench } from '../support/registrar-bench.js'
import { authorizationFor, type RegisterParts } from '../support/sip-requests.js'

const status = (flow: FakeFlow): number => flow.answer.status
const isStale = (flow: FakeFlow): boolean =>
  headerValues(flow.answer, 'WWW-Authenticate').every((value) => value.includes('stale=true'))

type Change = (authorization: string) => string

/** One answer to a fresh challenge of this algorithm, changed before it is sent. */
async function answered(
  bench: Bench,
  algorithm: string,
  change: Change = (text) => text,
  parts: RegisterParts = {},
): Promise<FakeFlow> {
  const challenges = (await bench.challenges()).filter((value) => value.includes(`algorithm=${algorithm}`))
  const authorization = change(authorizationFor(challenges, '101', 'secret-101'))
  return bench.ask({ contact: A, ...parts, authorization })
}

const replaced =
  (from: string | RegExp, to: string): Change =>
  (text) => {
    const changed = text.replace(from, to)
    if (changed === text) throw new Error(`nothing to change: ${String(from)}`)
    return changed
  }

describe.each(['MD5', 'SHA-256'])('with %s', (algorithm) => {
  test('[RFC3261-22.4] [RFC7616-3.4] the right answer is accepted', async () => {
    const bench = await Bench.start()
    expect(status(await answered(bench, algorithm))).toBe(200)
    expect(bench.registrar.bindings()).toHaveLength(1)
  })

  test('[RFC7616-3.4] an answer used before is stale, whatever its cnonce', async () => {
    const bench = await Bench.start()
    const challenges = (await bench.challenges()).filter((value) => value.includes(`algorithm=${algorithm}`))
    const use = (count: number): Promise<FakeFlow> =>
      bench.ask({ contact: A, authorization: authorizationFor(challenges, '101', 'secret-101', { count }) })
    const first = await use(1)
    const again = await use(1)
    expect([status(first), status(again), isStale(again)]).toEqual([200, 401, true])
    expect([status(await use(2)), status(await use(2 + 257))]).toEqual([200, 401])
  })

  test('[RFC7616-3.3] a nonce is good until the end of its time, and not after', async () => {
    const bench = await Bench.start({ nonceSeconds: 20 })
    const challenges = (await bench.challenges()).filter((value) => value.includes(`algorithm=${algorithm}`))
    const use = (count: number, password = 'secret-101'): Promise<FakeFlow> =>
      bench.ask({ contact: A, authorization: authorizationFor(challenges, '101', password, { count }) })
    bench.clock.advance(19_999)
    expect(status(await use(1))).toBe(200)
    bench.clock.advance(1)
    const [right, wrong] = [await use(2), await use(3, 'guess')]
    expect([status(right), isStale(right), status(wrong), isStale(wrong)]).toEqual([401, true, 401, false])
  })

  test.each<[string, Change]>([
    ['another response', replaced(/response="(.)/, `response="0` as string)],
    ['another user', replaced('username="101"', 'username="102"')],
    ['a blank behind the user', replaced('username="101"', 'username="101 "')],
    ['another count than was hashed', replaced('nc=00000001', 'nc=00000002')],
    ['another cnonce than was hashed', replaced('c0ffee', 'c0ffe0')],
    ['another uri than was hashed', replaced('uri="sip:example.com"', 'uri="sip:example.com:5060"')],
    ['a nonce that is not ours', replaced(/nonce="/, 'nonce="x')],
  ])('[RFC7616-3.4.1] %s is a new challenge, not stale', async (_, change) => {
    const bench = await Bench.start()
    const flow = await answered(bench, algorithm, change)
    expect([status(flow), isStale(flow), bench.registrar.bindings()]).toEqual([401, false, []])
    expect(bench.refused).toHaveLength(1)
  })

  test.each<[string, Change]>([
    ['an unknown algorithm', replaced(/algorithm=[\w-]+/, 'algorithm=SHA-512-256')],
    ['a session algorithm', replaced(/algorithm=([\w-]+)/, 'algorithm=$1-sess')],
    ['another protection', replaced('qop=auth', 'qop=auth-int')],
    ['qop without cnonce', replaced(/, cnonce="[^"]*"/, '')],
    ['qop without a count', replaced(', nc=00000001', '')],
    ['a count of nine digits', replaced('nc=00000001', 'nc=000000001')],
    ['a count that is not hex', replaced('nc=00000001', 'nc=0000000g')],
    ['a response too short', replaced(/response="./, 'response="')],
    ['a parameter twice', replaced('qop=auth', 'qop=auth, qop=auth')],
    ['a quote that stays open', replaced('cnonce="c0ffee"', 'cnonce="c0ffee')],
    ['no user', replaced('username="101", ', '')],
    ['another realm', replaced('realm="example.com"', 'realm="elsewhere"')],
    ['Basic', () => 'Basic MTAxOnNlY3JldC0xMDE='],
    ['a scheme nobody knows', replaced('Digest ', 'Bearer ')],
    ['nothing', () => ''],
  ])('[RFC3261-22.4] %s is no answer: a plain new challenge, and nobody is blamed', async (_, change) => {
    const bench = await Bench.start()
    const flow = await answered(bench, algorithm, change)
    expect([status(flow), isStale(flow), bench.registrar.bindings()]).toEqual([401, false, []])
    expect(bench.refused).toEqual([])
  })

  test.each<[string, Change]>([
    ['qop in quotes', replaced('qop=auth', 'qop="auth"')],
    ['the algorithm in quotes', replaced(/algorithm=([\w-]+)/, 'algorithm="$1"')],
    ['the algorithm in lower case', (text) => text.replace(/algorithm=[\w-]+/, (name) => name.toLowerCase())],
    [
      'names in capitals and blanks round "="',
      (text) => text.replace(/(\w+)=/g, (_, name: string) => `${name.toUpperCase()} = `),
    ],
    ['the scheme in capitals', replaced('Digest', 'DIGEST')],
    ['the parameters in another order', (text) => `Digest ${text.slice(7).split(', ').reverse().join(', ')}`],
    ['parameters nobody knows', replaced('qop=auth', 'qop=auth, x="a, b", charset=UTF-8')],
    [
      'the response in capitals',
      (text) => text.replace(/response="\w+"/, (hex) => hex.toUpperCase().replace('RESPONSE', 'response')),
    ],
    ['folded over lines', (text) => text.replaceAll(', ', ',\r\n ')],
  ])('[RFC7616-3.4] %s is accepted', async (_, change) => {
    expect(status(await answered(await Bench.start(), algorithm, change))).toBe(200)
  })
})

describe('algorithms', () => {
  test('[RFC8760-2.3] a challenge for each algorithm in a field of its own, and all of them again after a wrong answer', async () => {
    const bench = await Bench.start()
    const algorithms = (flow: FakeFlow): (string | undefined)[] =>
      headerValues(flow.answer, 'WWW-Authenticate').map((value) => /algorithm=([\w-]+)/.exec(value)?.[1])
    expect(algorithms(await bench.ask({}))).toEqual(['MD5', 'SHA-256'])
    const wrong = await answered(bench, 'SHA-256', replaced(/response="./, 'response="x'))
    expect(algorithms(wrong)).toEqual(['MD5', 'SHA-256'])
  })

  test('[RFC7616-3.4] an answer that names no algorithm is MD5', async () => {
    const bench = await Bench.start()
    expect(status(await answered(bench, 'MD5', replaced(', algorithm=MD5', '')))).toBe(200)
    expect(status(await answered(bench, 'SHA-256', replaced(', algorithm=SHA-256', '')))).toBe(401)
  })

  test('[RFC8760-2.4] who gives up when any challenge is not MD5 is offered MD5 alone: by User-Agent, not by user', async () => {
    const bench = await Bench.start()
    const offered = async (userAgent: string, user = '101'): Promise<number> =>
      (await bench.challenges({ user, extra: [`User-Agent: ${userAgent}`] })).length
    for (const user of ['101', 'nobody']) {
      expect(await offered('baresip v1.0.0 (x86_64/linux)', user)).toBe(1)
      expect(await offered('baresip v2.12.0 (x86_64/Linux)', user)).toBe(2)
      expect(await offered('Yealink SIP-T21P_E2 52.84.0.15', user)).toBe(2)
    }
  })
})

describe('more than one answer', () => {
  test.each([
    ['the right one first', ['101', 'wrong-user']],
    ['the right one last', ['wrong-user', '101']],
  ])(
    '[RFC8760-2.4] answers to both challenges, of which one is right, are enough: %s',
    async (_, [first = '', second = '']) => {
      const bench = await Bench.start()
      const [md5 = '', sha = ''] = await bench.challenges()
      const flow = await bench.ask({
        contact: A,
        authorization: authorizationFor([md5], first, 'secret-101'),
        extra: [`Authorization: ${authorizationFor([sha], second, 'secret-101')}`],
      })
      expect([status(flow), bench.refused]).toEqual([200, []])
    },
  )

  test('[RFC8760-2.4] two wrong answers are one refusal, and challenged as one wrong answer is', async () => {
    const bench = await Bench.start()
    const [md5 = '', sha = ''] = await bench.challenges()
    const flow = await bench.ask({
      contact: A,
      authorization: authorizationFor([md5], '101', 'guess'),
      extra: [`Authorization: ${authorizationFor([sha], 'linphone', 'guess')}`],
    })
    expect([status(flow), isStale(flow), bench.refused.length]).toEqual([401, false, 1])
    expect(headerValues(flow.answer, 'WWW-Authenticate')).toHaveLength(2)
  })

  test('[RFC8760-2.4] one that is stale and one that is wrong are stale: the phone need not ask its user', async () => {
    const bench = await Bench.start({ nonceSeconds: 10 })
    const [md5 = '', sha = ''] = await bench.challenges()
    bench.clock.advance(10_000)
    const flow = await bench.ask({
      contact: A,
      authorization: authorizationFor([md5], 'linphone', 'secret-101'),
      extra: [`Authorization: ${authorizationFor([sha], '101', 'secret-101')}`],
    })
    expect([status(flow), isStale(flow)]).toEqual([401, true])
  })

  test('[RFC3261-22.3] an answer for a proxy on the way may stand before or behind ours', async () => {
    for (const isFirst of [true, false]) {
      const bench = await Bench.start()
      const own = authorizationFor(await bench.challenges(), '101', 'secret-101')
      const foreign = own.replace('example.com', 'proxy.example')
      const [first = '', second = ''] = isFirst ? [foreign, own] : [own, foreign]
      const flow = await bench.ask({ contact: A, authorization: first, extra: [`Authorization: ${second}`] })
      expect(status(flow)).toBe(200)
    }
  })

  test('[RFC3261-22.3] Proxy-Authorization is for proxies: it opens nothing here', async () => {
    const bench = await Bench.start()
    const own = authorizationFor(await bench.challenges(), '101', 'secret-101')
    expect(status(await bench.ask({ contact: A, extra: [`Proxy-Authorization: ${own}`] }))).toBe(401)
  })

  test('hundreds of answers in one request are not all tried', async () => {
    const bench = await Bench.start()
    const [md5 = ''] = await bench.challenges()
    const wrong = `Authorization: ${authorizationFor([md5], '101', 'guess')}`
    const right = authorizationFor([md5], '101', 'secret-101')
    const extra = [...Array.from({ length: 30 }, () => wrong), `Authorization: ${right}`]
    expect(status(await bench.ask({ contact: A, extra }))).toBe(401)
  })
})

describe('the uri of an answer', () => {
  const withUri = async (bench: Bench, uri: string): Promise<FakeFlow> => {
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101', { uri })
    return bench.ask({ contact: A, authorization })
  }

  test.each([
    'sip:example.com:5060',
    'sip:example.com;transport=tcp',
    'sip:101@example.com',
    'sip:boot.example.net',
    'sip:10.0.0.1',
  ])('[RFC3261-22.4] %s is not the Request-URI, but ours: accepted', async (uri) =>
    expect(status(await withUri(await Bench.start(), uri))).toBe(200),
  )

  test.each(['sip:other.example', 'sip:example.com.evil.example', '/', '*', 'http://example.com', ''])(
    '[RFC7616-3.4.6] %j was meant for somebody else: a plain new challenge, and nobody is blamed',
    async (uri) => {
      const bench = await Bench.start()
      const flow = await withUri(bench, uri)
      expect([status(flow), isStale(flow), bench.refused, bench.registrar.bindings()]).toEqual([401, false, [], []])
    },
  )
})

test('[RFC7616-3.3] after a wrong answer the nonce is a new one', async () => {
  const bench = await Bench.start()
  const before = await bench.challenges()
  const flow = await answered(bench, 'MD5', replaced(/response="./, 'response="x'))
  const nonce = (text = ''): string | undefined => /nonce="([^"]+)"/.exec(text)?.[1]
  expect(nonce(headerValue(flow.answer, 'WWW-Authenticate'))).not.toBe(nonce(before[0]))
})

test('[RFC3261-22.2] realm, nonce and qop are quoted, algorithm and stale are not', async () => {
  const bench = await Bench.start({ nonceSeconds: 1 })
  const challenges = await bench.challenges()
  bench.clock.advance(1_000)
  const flow = await bench.ask({ authorization: authorizationFor(challenges, '101', 'secret-101') })
  expect(headerValue(flow.answer, 'WWW-Authenticate')).toMatch(
    /^Digest realm="example\.com", nonce="[^"]{16,64}", qop="auth", algorithm=MD5, stale=true$/,
  )
})
