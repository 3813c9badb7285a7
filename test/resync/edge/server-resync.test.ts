import { afterEach, describe, expect, test } from '@jest/globals'
import { provesHa1, computeHa1, formatChallenge, readCredentials } from '../../../src/sip/digest.js'
import { headerValue } from '../../../src/sip/message.js'
import { Secret } from '../../../src/domain/secret.js'
import { NotifiedPhone, type NotifiedPhoneOptions } from '../../support/notified-phone.js'
import { startResyncBench, type ResyncBench, type ResyncBenchOptions } from '../../support/resync-bench.js'
import { eventually } from '../../support/server.js'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function open(options: ResyncBenchOptions = {}): Promise<ResyncBench> {
  const bench = await startResyncBench(options)
  cleanups.push(() => bench.stop())
  return bench
}

async function phoneAt(bench: ResyncBench, options: Partial<NotifiedPhoneOptions> = {}): Promise<NotifiedPhone> {
  const phone = await NotifiedPhone.register({ port: bench.server.port, transport: 'udp', ...options })
  cleanups.push(() => phone.close())
  return phone
}

describe.each(['udp', 'tcp'] as const)('by %s', (transport) => {
  test('one phone is asked, over the way it registered by, and its 200 is kept', async () => {
    const bench = await open()
    const phone = await phoneAt(bench, { transport })
    const other = await phoneAt(bench, { transport, n: 1 })
    const [asked] = await bench.outcomes(await bench.ask([0]))
    expect(asked).toMatchObject({
      outcome: 'heard',
      status: 200,
      event: 'check-sync;reboot=false',
      sentTo: phone.local,
      requestedBy: 'cli:anna',
    })
    expect(phone.requests).toHaveLength(1)
    expect(phone.requests[0]?.uri).toBe(`sip:100@${phone.local};line=x`)
    expect(other.requests).toEqual([])
    expect(bench.server.errors).toEqual([])
  })

  test('a restart is another event', async () => {
    const bench = await open({ model: 'grandstream/gxp2135' })
    const phone = await phoneAt(bench, { transport })
    expect(await bench.outcomes(await bench.ask([0], 'reboot'))).toMatchObject([{ outcome: 'heard' }])
    expect(await bench.outcomes(await bench.ask([0], 'resync'))).toMatchObject([{ outcome: 'heard' }])
    expect(phone.events).toEqual(['check-sync;reboot=true', 'resync'])
  })

  test('[RFC3261-22.2] a challenge is answered with the account of the phone', async () => {
    const bench = await open()
    const challenge = formatChallenge({ realm: 'phone', nonce: 'n0nce', algorithm: 'MD5', stale: false })
    const phone = await phoneAt(bench, {
      transport,
      meet: (request) => {
        const credentials = readCredentials(headerValue(request, 'Authorization') ?? '')
        const proven =
          credentials?.uri === request.uri &&
          provesHa1(credentials, 'NOTIFY', computeHa1('MD5', 'line0', 'phone', new Secret('pw-0')))
        return proven ? { status: 200 } : { status: 401, headers: [{ name: 'WWW-Authenticate', value: challenge }] }
      },
    })
    expect(await bench.outcomes(await bench.ask([0]))).toMatchObject([{ outcome: 'heard', status: 200 }])
    const [first, second] = phone.requests.map((request) => headerValue(request, 'CSeq'))
    expect([first, second]).toEqual(['1 NOTIFY', '2 NOTIFY'])
  })
})

test('[RFC3261-22.3] a challenge of a proxy is answered as one; the wrong password is tried once', async () => {
  const bench = await open()
  const value = formatChallenge({ realm: 'proxy', nonce: 'n', algorithm: 'SHA-256', stale: false })
  const phone = await phoneAt(bench, {
    meet: () => ({ status: 407, headers: [{ name: 'Proxy-Authenticate', value }] }),
  })
  const [asked] = await bench.outcomes(await bench.ask([0]))
  expect(asked).toMatchObject({ outcome: 'refused', status: 407 })
  expect(asked?.reason).toContain('password')
  expect(phone.requests).toHaveLength(2)
  expect(headerValue(phone.requests[1] ?? { headers: [] }, 'Proxy-Authorization')).toMatch(/username="line0"/)
})

test('[RFC3261-17.1.2] a lost NOTIFY is sent again, the same one', async () => {
  const bench = await open()
  const phone = await phoneAt(bench, { meet: (_request, nth) => (nth === 1 ? undefined : { status: 200 }) })
  expect(await bench.outcomes(await bench.ask([0]))).toMatchObject([{ outcome: 'heard' }])
  expect(phone.requests[1]).toEqual(phone.requests[0])
})

test.each([
  [489, 'event'],
  [481, 'subscribe'],
  [405, 'NOTIFY'],
  [480, '480 Temporarily'],
])('a %i is kept, with what it means', async (status, words) => {
  const bench = await open()
  await phoneAt(bench, { meet: () => ({ status, reason: 'Temporarily' }) })
  const [asked] = await bench.outcomes(await bench.ask([0]))
  expect(asked).toMatchObject({ outcome: 'refused', status })
  expect(asked?.reason).toContain(words)
})

test('a phone that is not registered is told so at once, one whose connection is gone too', async () => {
  const bench = await open()
  const phone = await phoneAt(bench, { transport: 'tcp' })
  phone.close()
  await eventually(() => {
    const { address, port } = { address: '127.0.0.1', port: Number(phone.local.split(':')[1]) }
    expect(bench.server.listeners.flowTo('tcp', { address, port }, '127.0.0.1')).toBeUndefined()
  })
  expect(await bench.outcomes(await bench.ask([0, 1]))).toMatchObject([
    { outcome: 'unreachable' },
    { outcome: 'not-registered' },
  ])
})

test('the NOTIFY leaves from the address that the phone registered at, and goes to where it came from', async () => {
  const bench = await open({ bind: ['127.0.0.1', '127.0.0.3'] })
  const phone = await phoneAt(bench, {
    server: '127.0.0.3',
    localAddress: '127.0.0.9',
    // Behind NAT: an address that leads nowhere.
    contact: '<sip:100@10.255.255.1:5062>',
  })
  expect(await bench.outcomes(await bench.ask([0]))).toMatchObject([{ outcome: 'heard', sentTo: phone.local }])
  // Its socket is connected to 127.0.0.3: what came from elsewhere would not have been heard.
  expect(phone.requests[0]).toMatchObject({ uri: 'sip:100@10.255.255.1:5062' })
})

test('after a restart of the server the phone is found by its stored address', async () => {
  const bench = await open({
    bindings: () =>
      bench.server.registrar.bindings().map((binding) => {
        const stored = { ...binding }
        delete stored.local
        return stored
      }),
  })
  await phoneAt(bench)
  expect(await bench.outcomes(await bench.ask([0]))).toMatchObject([{ outcome: 'heard' }])
})

test('a phone is asked once, however many want it while it thinks', async () => {
  const bench = await open()
  const phone = await phoneAt(bench, { meet: (_request, nth) => (nth < 3 ? undefined : { status: 200 }) })
  const first = await bench.ask([0])
  await eventually(() => expect(phone.requests.length).toBeGreaterThan(0))
  const second = await bench.ask([0], 'reboot')
  expect(second.map(({ id }) => id)).toEqual(first.map(({ id }) => id))
  expect(await bench.outcomes(first)).toMatchObject([{ outcome: 'heard' }])
  expect(new Set(phone.requests.map((request) => headerValue(request, 'Call-ID'))).size).toBe(1)
})
