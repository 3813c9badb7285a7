import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { headerValue, headerValues } from '../../src/sip/message.js'
import { contactsOf, deliver, FakeFlow, settle } from '../support/fake-flow.js'
import { A, Bench, HeldStore } from '../support/registrar-bench.js'
import { authorizationFor, registerText, type RegisterParts } from '../support/sip-requests.js'

const status = (flow: FakeFlow): number => flow.answer.status
const uris = (bench: Bench): string[] => bench.registrar.bindings().map(({ contactUri }) => contactUri)

/** A REGISTER with the right digest, changed as text before it is sent. */
async function registerEdited(
  bench: Bench,
  edit: (text: string) => string,
  parts: RegisterParts = {},
): Promise<FakeFlow> {
  const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
  const flow = new FakeFlow()
  await deliver(bench.registrar, edit(registerText({ contact: A, cseq: 50, ...parts, authorization })), flow)
  return flow
}

describe('what a REGISTER is addressed to', () => {
  test.each(['sip:example.com:5060', 'sip:example.com;transport=tcp', 'sip:EXAMPLE.COM', 'sip:someone@example.com'])(
    '[RFC3261-10.3.1] the Request-URI %s is this registrar’s',
    async (uri) => {
      const bench = await Bench.start()
      const flow = await registerEdited(bench, (text) => text.replace('REGISTER sip:example.com', `REGISTER ${uri}`))
      expect([status(flow), uris(bench)]).toEqual([200, ['sip:101@10.0.0.7:5062']])
    },
  )

  test('[RFC3261-10.3.1] what is for another domain is not forwarded: 404', async () => {
    const bench = await Bench.start()
    expect(status(await bench.ask({ domain: 'other.example' }))).toBe(404)
  })

  test.each(['"A" <sip:101@EXAMPLE.com;user=phone;x=y>;foo=bar', '<sip:%31%30%31@example.com>', 'sip:101@example.com'])(
    '[RFC3261-10.3.5] To: %s is the address of record 101@example.com',
    async (to) => {
      const bench = await Bench.start()
      const flow = await registerEdited(bench, (text) => text.replace(/To: .*/, `To: ${to}`))
      expect([status(flow), bench.registrar.bindings()[0]?.aor]).toEqual([200, '101@example.com'])
    },
  )

  test('[RFC3261-10.3.5] who does not exist is challenged like anybody, so nobody learns it', async () => {
    const bench = await Bench.start()
    const [known, unknown] = [await bench.ask({ user: '101' }), await bench.ask({ user: '999' })]
    expect([status(known), status(unknown)]).toEqual([401, 401])
  })

  test('[RFC3261-10.3.4] who registers for somebody else needs that one’s password: To counts, not From', async () => {
    const bench = await Bench.start()
    const from = (uri: string) => (text: string) => text.replace(/From: <[^>]*>/, `From: <${uri}>`)
    expect(status(await registerEdited(bench, from('sip:secretary@elsewhere.example')))).toBe(200)
    expect(status(await registerEdited(bench, from('sip:101@example.com'), { user: '102' }))).toBe(403)
    expect(bench.registrar.bindings().map(({ aor }) => aor)).toEqual(['101@example.com'])
  })

  test('[RFC3261-10.3] Record-Route is ignored and never in an answer', async () => {
    const bench = await Bench.start()
    const flow = await registerEdited(bench, (text) => text, { extra: ['Record-Route: <sip:10.9.9.9;lr>'] })
    expect([status(flow), headerValue(flow.answer, 'Record-Route')]).toEqual([200, undefined])
    expect(bench.registrar.bindings()).toMatchObject([{ path: [] }])
  })

  test('[RFC3261-10.3] no answer is of the 6xx class, whatever the request says', async () => {
    const bench = await Bench.start()
    const piece = fc.constantFrom('REGISTER', 'sip:', '101', 'example.com', ';', '<', 'tag', '70', 'SIP/2.0', 'CSeq')
    await fc.assert(
      fc.asyncProperty(piece, fc.string({ unit: 'binary-ascii', maxLength: 8 }), async (from, to) => {
        const flow = new FakeFlow()
        await deliver(bench.registrar, registerText({ contact: A }).replace(from, to), flow)
        for (const { text } of flow.sent) expect(text).toMatch(/^SIP\/2\.0 [2-5]\d\d /)
      }),
      { numRuns: 200 },
    )
  })

  test('[RFC3261-8.2.2.1] a scheme that is not SIP’s: 416 in the Request-URI, 400 in To', async () => {
    const bench = await Bench.start()
    const flow = new FakeFlow()
    await deliver(bench.registrar, registerText().replace('REGISTER sip:example.com', 'REGISTER tel:+1'), flow)
    await deliver(bench.registrar, registerText().replace('To: <sip:101@example.com>', 'To: <tel:+1>'), flow)
    expect(flow.sent.map(({ text }) => text.slice(8, 11))).toEqual(['416', '400'])
  })
})

describe('bindings', () => {
  test('[RFC3261-10.2.3] without a Contact nothing changes and all bindings are told', async () => {
    const bench = await Bench.start()
    await bench.register({ contact: [A, '<sip:101@10.0.0.8>;q=0.1'] })
    const before = bench.changes.length
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const flow = await bench.ask({ authorization })
    expect(contactsOf(flow.answer)).toEqual([
      expect.stringMatching(/^<sip:101@10\.0\.0\.7:5062>;expires=\d+$/),
      expect.stringMatching(/^<sip:101@10\.0\.0\.8>;expires=\d+;q=0\.1$/),
    ])
    expect(bench.changes).toHaveLength(before)
  })

  test.each([
    ['0.5', ';q=0.5'],
    ['0', ';q=0'],
    ['0.001', ';q=0.001'],
    ['1.000', ''],
    ['1', ''],
    ['1.5', ''],
    ['0.1234', ''],
    ['high', ''],
  ])('[RFC3261-10.2.1.2] q=%s is given back as %j', async (q, given) => {
    const bench = await Bench.start()
    const flow = await bench.register({ contact: `${A};q=${q}`, expires: 100 })
    expect(contactsOf(flow.answer)).toEqual([`${A};expires=100${given}`])
  })

  test('[RFC3261-10.2.2] removing what is not there succeeds', async () => {
    const bench = await Bench.start()
    const flow = await bench.register({ contact: A, expires: 0 })
    expect([status(flow), contactsOf(flow.answer), bench.changes]).toEqual([200, [], []])
  })

  test('[RFC3261-10.3.7] Expires 0 with a CSeq that is not higher removes nothing', async () => {
    const bench = await Bench.start()
    await bench.register({ cseq: 9 })
    expect(status(await bench.register({ cseq: 9, expires: 0 }))).toBe(400)
    expect(status(await bench.register({ cseq: 8, expires: 0 }))).toBe(400)
    expect(uris(bench)).toHaveLength(1)
    expect(status(await bench.register({ cseq: 10, expires: 0 }))).toBe(200)
    expect(uris(bench)).toEqual([])
  })

  test('[RFC3261-8.1.1.5] after the last CSeq, 2147483647, only a new Call-ID helps', async () => {
    const bench = await Bench.start()
    expect(status(await bench.register({ cseq: 2_147_483_647 }))).toBe(200)
    expect(status(await bench.register({ cseq: 2_147_483_647 }))).toBe(400)
    expect((await bench.ask({ cseq: 2_147_483_648 })).sent[0]?.text).toMatch(/^SIP\/2\.0 400 /)
    expect(status(await bench.register({ cseq: 0 }))).toBe(400)
    expect(status(await bench.register({ cseq: 0, callId: 'new' }))).toBe(200)
    expect(bench.registrar.bindings()).toMatchObject([{ callId: 'new', cseq: 0 }])
  })

  test('[RFC3261-10.3.6] Contact: * by another Call-ID removes all, whatever its CSeq', async () => {
    const bench = await Bench.start()
    await bench.register({ cseq: 500, contact: [A, '<sip:101@10.0.0.8>'] })
    const flow = await bench.register({ cseq: 1, callId: 'other', contact: '*', expires: 0 })
    expect([status(flow), contactsOf(flow.answer), uris(bench)]).toEqual([200, [], []])
  })

  test.each([
    ['with the CSeq of one of them', { cseq: 7, contact: '*', expires: 0 }],
    ['with a lower CSeq than one of them', { cseq: 6, contact: '*', expires: 0 }],
    ['with Expires 1', { cseq: 99, contact: '*', expires: 1 }],
    ['without Expires', { cseq: 99, contact: '*' }],
    ['with an expires parameter only', { cseq: 99, contact: '*;expires=0' }],
    ['beside another Contact', { cseq: 99, contact: ['*', A], expires: 0 }],
    ['twice', { cseq: 99, contact: '*, *', expires: 0 }],
  ])('[RFC3261-10.3.6] Contact: * %s fails and removes nothing', async (_, parts) => {
    const bench = await Bench.start()
    await bench.register({ cseq: 7 })
    await bench.register({ cseq: 900, callId: 'other', contact: '<sip:101@10.0.0.8>' })
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    expect(status(await bench.ask({ ...parts, authorization }))).toBe(400)
    expect(uris(bench)).toHaveLength(2)
  })

  test.each([
    ['<sip:%31%301@10.0.0.7:5062>', 1],
    ['<SIP:101@10.0.0.7:5062;line=x>', 1],
    ['<sip:101@10.0.0.7:05062>', 1],
    ['<sip:101@10.0.0.7>', 2],
    ['<sip:101@10.0.0.7:5062;transport=udp>', 2],
    ['<sips:101@10.0.0.7:5062>', 2],
    ['<sip:101:pw@10.0.0.7:5062>', 2],
    ['<sip:10%2E1@10.0.0.7:5062>', 2],
  ])('[RFC3261-10.3.7] beside sip:101@10.0.0.7:5062, Contact %s makes %d in all', async (contact, count) => {
    const bench = await Bench.start()
    await bench.register({ cseq: 1 })
    await bench.register({ cseq: 9, contact })
    expect(uris(bench)).toHaveLength(count)
  })

  test('[RFC3261-10.3.7] a store that fails takes the whole request back, and says when to come again', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const flow = await bench.ask({ contact: [A, '<sip:101@10.0.0.8>'], authorization })
    store.fail()
    await settle()
    expect([status(flow), uris(bench), bench.changes]).toEqual([503, [], []])
    expect(Number(headerValue(flow.answer, 'Retry-After'))).toBeGreaterThan(0)
  })

  test('[RFC3261-20.19] Expires beyond 2**32-1 counts as the largest, and is cut to what is granted', async () => {
    const bench = await Bench.start()
    const flow = await bench.register({ expires: '4294967296' })
    expect(contactsOf(flow.answer)).toEqual([`${A};expires=7200`])
  })

  test('[RFC3261-10.2.1.1] a refresh with another interval replaces the old one, longer or shorter', async () => {
    const bench = await Bench.start()
    await bench.register({ expires: 600 })
    expect(contactsOf((await bench.register({ expires: 60 })).answer)).toEqual([`${A};expires=60`])
    bench.clock.advance(61_000)
    expect(uris(bench)).toEqual([])
  })
})

describe('outbound and Path', () => {
  const INSTANCE = `${A};+sip.instance="<urn:uuid:1>";reg-id=1`
  const two = { via: 'Via: SIP/2.0/UDP p;branch=z9hG4bKp, SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKq' }

  test.each([
    ['two Vias in two fields', { extra: ['Via: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKq', 'Supported: outbound'] }],
    ['two Vias in one field', { ...two, extra: ['Supported: outbound'] }],
    ['a Path without ob', { ...two, extra: ['Supported: outbound, path', 'Path: <sip:p;lr>'] }],
  ])('[RFC5626-6] reg-id does not count behind a proxy that does not help: %s', async (_, parts) => {
    const bench = await Bench.start()
    const flow = await bench.register({ ...parts, contact: INSTANCE })
    expect([status(flow), headerValue(flow.answer, 'Require')]).toEqual([200, undefined])
    expect(bench.registrar.bindings()).toMatchObject([{ bindingKey: 'sip:101@10.0.0.7:5062' }])
  })

  test('[RFC5626-6] reg-id counts when the topmost Path says ob', async () => {
    const bench = await Bench.start()
    const extra = ['Supported: outbound, path', 'Path: <sip:p;lr;ob>, <sip:far;lr>']
    const flow = await bench.register({ ...two, extra, contact: INSTANCE })
    expect([status(flow), headerValue(flow.answer, 'Require')]).toEqual([200, 'outbound'])
    expect(bench.registrar.bindings()).toMatchObject([{ bindingKey: '<urn:uuid:1>;reg-id=1' }])
  })

  test('[RFC5626-6] a phone that insists on outbound learns that its first hop lacks it: 439', async () => {
    const bench = await Bench.start()
    const extra = ['Require: outbound', 'Supported: outbound']
    expect(status(await bench.register({ ...two, extra, contact: INSTANCE }))).toBe(439)
    expect(uris(bench)).toEqual([])
    expect(status(await bench.register({ extra, contact: INSTANCE }))).toBe(200)
  })

  test('[RFC5626-6] reg-id without an instance does not count', async () => {
    const bench = await Bench.start()
    const flow = await bench.register({ extra: ['Supported: outbound'], contact: `${A};reg-id=1` })
    expect([status(flow), headerValue(flow.answer, 'Require')]).toEqual([200, undefined])
  })

  test('[RFC3327-5.3] a Path is kept though the phone does not say that it knows Path, and not echoed', async () => {
    const bench = await Bench.start()
    const flow = await bench.register({ extra: ['Path: <sip:p;lr>'] })
    expect([status(flow), headerValues(flow.answer, 'Path')]).toEqual([200, []])
    expect(bench.registrar.bindings()).toMatchObject([{ path: ['<sip:p;lr>'] }])
  })
})

describe('answers and transactions', () => {
  test('[RFC3261-8.2.6.2] a 401 echoes all Via, From, Call-ID, CSeq, tags To, and has no body', async () => {
    const bench = await Bench.start()
    const extra = ['v: SIP/2.0/TCP b;branch=2', 'User-Agent: x']
    const { answer } = await bench.ask({ branch: 'z9hG4bKa', cseq: 7, extra })
    expect(headerValues(answer, 'Via')).toEqual([expect.stringContaining('z9hG4bKa'), 'SIP/2.0/TCP b;branch=2'])
    expect(headerValue(answer, 'To')).toMatch(/^<sip:101@example\.com>;tag=[0-9a-f]{16}$/)
    expect(['From', 'Call-ID', 'CSeq', 'Content-Length'].map((name) => headerValue(answer, name))).toEqual([
      '<sip:101@example.com>;tag=f1',
      'call-1',
      '7 REGISTER',
      '0',
    ])
    expect(answer.body).toBe('')
  })

  test('[RFC3261-8.2.6.1] [RFC4320-4.1] however long the disk takes, no provisional answer is sent', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const text = registerText({ contact: A, authorization, cseq: 9 })
    const flow = new FakeFlow()
    await deliver(bench.registrar, text, flow)
    bench.clock.advance(3_000)
    await deliver(bench.registrar, text, flow)
    expect(flow.sent).toEqual([])
    store.release()
    await settle()
    expect(flow.sent.map(({ text: sent }) => sent.slice(8, 11))).toEqual(['200'])
  })

  test('[RFC4320-4.2] a request that took longer than its transaction is not answered 408', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const flow = await bench.ask({ contact: A, authorization })
    bench.clock.advance(40_000)
    await settle()
    expect(flow.sent).toEqual([])
    store.fail()
    await settle()
    expect(status(flow)).toBe(503)
  })

  test('[RFC3261-8.2.2.2] the same request by a second way is not done a second time', async () => {
    const bench = await Bench.start()
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const by = (branch: string): Promise<FakeFlow> => bench.ask({ contact: A, cseq: 9, branch, authorization })
    expect([status(await by('z9hG4bKfirst')), status(await by('z9hG4bKsecond'))]).toEqual([200, 401])
    expect(bench.changes).toHaveLength(1)
  })

  test('[RFC3261-17.2.3] the same branch from another address is another transaction', async () => {
    const bench = await Bench.start()
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const text = registerText({ contact: A, cseq: 9, branch: 'z9hG4bKsame', authorization })
    const [one, other] = [new FakeFlow(), new FakeFlow('udp', { address: '10.0.0.99', port: 5062 })]
    await deliver(bench.registrar, text, one)
    await deliver(bench.registrar, text, other)
    expect([status(one), status(other)]).toEqual([200, 401])
  })

  test('[RFC3261-17.2.3] without a branch a retransmission is still known, as in RFC 2543', async () => {
    const bench = await Bench.start()
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const text = registerText({ via: 'Via: SIP/2.0/UDP 10.0.0.7:5062', contact: A, cseq: 9, authorization })
    const flow = new FakeFlow()
    await deliver(bench.registrar, text, flow)
    await deliver(bench.registrar, text, flow)
    expect(flow.sent).toHaveLength(2)
    expect(flow.sent[1]).toEqual(flow.sent[0])
    expect([status(flow), bench.changes.length]).toEqual([200, 1])
  })

  test('[RFC3261-22.1] ACK and CANCEL are not challenged', async () => {
    const bench = await Bench.start()
    expect((await bench.ask({ method: 'ACK' })).sent).toEqual([])
    const cancel = await bench.ask({ method: 'CANCEL' })
    expect([status(cancel), headerValue(cancel.answer, 'WWW-Authenticate')]).toEqual([481, undefined])
  })

  test('[RFC3261-9.2] a CANCEL of a REGISTER changes nothing: the registration is done and answered', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const flow = await bench.ask({ contact: A, cseq: 9, branch: 'z9hG4bKc', authorization })
    const cancel = await bench.ask({ method: 'CANCEL', cseq: 9, branch: 'z9hG4bKc' })
    store.release()
    await settle()
    expect([status(cancel), status(flow)]).toEqual([481, 200])
  })

  test('[RFC3261-21.5.4] those who are sent away come back at different times', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const times = new Set<string | undefined>()
    for (let n = 0; n < 12; n += 1) {
      const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
      const flow = await bench.ask({ contact: A, authorization })
      store.fail()
      await settle()
      expect(status(flow)).toBe(503)
      times.add(headerValue(flow.answer, 'Retry-After'))
    }
    expect(times.size).toBeGreaterThan(3)
  })

  test('[RFC3261-20.17] the 200 tells the date, in GMT', async () => {
    const bench = await Bench.start()
    const { answer } = await bench.register()
    expect(headerValue(answer, 'Date')).toBe(new Date(bench.clock.now()).toUTCString())
  })
})
