import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Binding } from '../../src/domain/entities.js'
import { BindingTable } from '../../src/registrar/binding-table.js'
import { type Decision, decide, type Registrant } from '../../src/registrar/decide.js'
import { DEFAULT_POLICY } from '../../src/registrar/policy.js'
import { readRegister } from '../../src/registrar/register-request.js'
import { headerValue, headerValues } from '../../src/sip/message.js'
import { parseDatagram } from '../../src/sip/parse.js'
import { registerText, type RegisterParts } from '../support/sip-requests.js'

const NOW = 1_750_000_000_000
const WHO: Registrant = { aor: '101@example.com', extensionId: 'e1', received: '10.0.0.7:5062', transport: 'udp' }

/** An address of record and what REGISTERs do to it. */
class Aor {
  readonly table = new BindingTable()
  now = NOW

  send(parts: RegisterParts, who: Partial<Registrant> = {}, policy = {}): Decision {
    const parsed = parseDatagram(registerText(parts))
    if (parsed.kind !== 'request') throw new Error(JSON.stringify(parsed))
    const wish = readRegister(parsed.request, parsed.envelope.callId, parsed.envelope.cseq.number)
    if (typeof wish === 'string') return { answer: { status: 400, reason: wish }, changes: [] }
    const all = { ...DEFAULT_POLICY, ...policy }
    const decision = decide(wish, { ...WHO, ...who }, this.table.of(WHO.aor), all, this.now)
    this.table.apply(decision.changes)
    return decision
  }

  get uris(): string[] {
    return this.table.of(WHO.aor).map((binding) => binding.contactUri)
  }
}

const status = (decision: Decision): number => decision.answer.status
const contacts = (decision: Decision): string[] => headerValues({ headers: decision.answer.headers ?? [] }, 'Contact')
const header = (decision: Decision, name: string): string | undefined =>
  headerValue({ headers: decision.answer.headers ?? [] }, name)
const A = '<sip:101@10.0.0.7:5062>'
const B = '<sip:101@10.0.0.8:5062>'

describe('a binding', () => {
  test('is made, listed with its remaining seconds, refreshed and removed', () => {
    const aor = new Aor()
    const made = aor.send({ contact: A, expires: 600, extra: ['User-Agent: Yealink'] })
    expect(made.changes).toMatchObject([{ kind: 'save', event: 'registered', binding: { userAgent: 'Yealink' } }])
    expect(contacts(made)).toEqual([`${A};expires=600`])
    aor.now += 100_500
    expect(contacts(aor.send({ cseq: 2 }))).toEqual([`${A};expires=500`])
    const refreshed = aor.send({ contact: A, expires: 600, cseq: 3 })
    expect(refreshed.changes).toMatchObject([{ event: 'refreshed', binding: { registeredAt: NOW, cseq: 3 } }])
    expect(contacts(aor.send({ contact: A, expires: 0, cseq: 4 }))).toEqual([])
    expect(aor.uris).toEqual([])
  })

  test('[RFC3261-10.3.8] the answer has all bindings and the date', () => {
    const aor = new Aor()
    aor.send({ contact: A, expires: 60 })
    const both = aor.send({ contact: B, expires: 90, callId: 'other' })
    expect(contacts(both)).toEqual([`${A};expires=60`, `${B};expires=90`])
    expect(header(both, 'Date')).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
  })

  test('[RFC3261-10.3.7] Contacts are compared as URIs, not as text', () => {
    const aor = new Aor()
    aor.send({ contact: '<sip:%31%301@PHONE.example.com;line=1>' })
    aor.send({ contact: '"Other" <sip:101@phone.example.com>;q=0.5', cseq: 2 })
    expect(aor.uris).toEqual(['sip:101@phone.example.com'])
    aor.send({ contact: '<sip:101@phone.example.com:5060>', cseq: 3 })
    expect(aor.uris).toHaveLength(2)
  })

  test('one Contact that equals two bindings takes the place of both', () => {
    const aor = new Aor()
    aor.send({ contact: ['<sip:101@h;x=1>', '<sip:101@h;x=2>'] })
    expect(aor.uris).toHaveLength(2)
    aor.send({ contact: '<sip:101@h>', cseq: 2 })
    expect(aor.uris).toEqual(['sip:101@h'])
  })

  test('[RFC4475-3.1.1.4] %00 and %00%00 are two bindings', () => {
    const aor = new Aor()
    aor.send({ contact: ['<sip:%00@h>', '<sip:%00%00@h>'] })
    expect(aor.uris).toEqual(['sip:%00@h', 'sip:%00%00@h'])
  })

  test('gives back instance, q and unknown parameters', () => {
    const aor = new Aor()
    const text = `${A};+sip.instance="<urn:uuid:1>";q=0.25;methods="INVITE, BYE";expires=70`
    expect(contacts(aor.send({ contact: text }))).toEqual([
      `${A};expires=70;q=0.25;+sip.instance="<urn:uuid:1>";methods="INVITE, BYE"`,
    ])
  })

  test('that has expired is as good as gone, though nobody swept it yet', () => {
    const aor = new Aor()
    aor.send({ contact: A, expires: 60, cseq: 9 })
    aor.now += 60_000
    expect(contacts(aor.send({ cseq: 1 }))).toEqual([])
    expect(status(aor.send({ contact: A, cseq: 1 }))).toBe(200)
  })
})

describe('[RFC3261-10.3.6] how long', () => {
  test.each([
    ['the parameter wins over the header', { contact: `${A};expires=100`, expires: 200 }, 100],
    ['the header wins over the default', { contact: A, expires: 200 }, 200],
    ['else the default', { contact: A }, 3600],
    ['never longer than the limit', { contact: A, expires: 999_999 }, 7200],
    ['a number beyond all bounds counts as the largest', { contact: A, expires: '99999999999999999999' }, 7200],
    ['[RFC3261-10.2.1.1] a malformed parameter counts as an hour', { contact: `${A};expires=soon` }, 3600],
  ])('%s', (_, parts, seconds) => {
    expect(contacts(new Aor().send(parts))).toEqual([expect.stringContaining(`;expires=${seconds}`)])
  })

  test('[RFC3261-10.3.7] too short: 423 with Min-Expires, and nothing of the request is done', () => {
    const aor = new Aor()
    const refused = aor.send({ contact: [A, `${B};expires=59`], expires: 100 })
    expect([status(refused), header(refused, 'Min-Expires'), aor.uris]).toEqual([423, '60', []])
  })

  test('[RFC3261-10.3.7] an hour is never too short', () => {
    expect(status(new Aor().send({ contact: A, expires: 3600 }, {}, { minExpires: 7200 }))).toBe(200)
    expect(status(new Aor().send({ contact: A, expires: 3599 }, {}, { minExpires: 7200 }))).toBe(423)
  })

  test('an Expires header that is no number is 400', () => {
    expect(status(new Aor().send({ contact: A, expires: 'soon' }))).toBe(400)
  })
})

describe('order', () => {
  test('[RFC3261-10.3.7] a lower or equal CSeq with the same Call-ID is refused', () => {
    const aor = new Aor()
    aor.send({ contact: A, cseq: 5 })
    expect([status(aor.send({ contact: A, cseq: 5 })), status(aor.send({ contact: A, cseq: 4 }))]).toEqual([400, 400])
    expect(status(aor.send({ contact: A, cseq: 6 }))).toBe(200)
  })

  test('[RFC3261-10.3.7] another Call-ID, as after a reboot, may start again at 1', () => {
    const aor = new Aor()
    aor.send({ contact: A, cseq: 500 })
    expect(status(aor.send({ contact: A, cseq: 1, callId: 'after-reboot' }))).toBe(200)
    expect(aor.table.of(WHO.aor)).toMatchObject([{ callId: 'after-reboot', cseq: 1 }])
  })

  test('[RFC3261-10.3.7] one Contact out of order makes the whole request fail', () => {
    const aor = new Aor()
    aor.send({ contact: A, cseq: 5 })
    const refused = aor.send({ contact: [B, A], cseq: 3 })
    expect([status(refused), refused.changes, aor.uris]).toEqual([400, [], ['sip:101@10.0.0.7:5062']])
  })

  test('the same Contact twice in one request is one binding, the later one counts', () => {
    const aor = new Aor()
    expect(contacts(aor.send({ contact: [`${A};expires=100`, `${A};expires=200`] }))).toEqual([`${A};expires=200`])
  })
})

describe('[RFC3261-10.3.6] Contact: *', () => {
  const filled = (): Aor => {
    const aor = new Aor()
    aor.send({ contact: A, cseq: 5 })
    aor.send({ contact: B, callId: 'other', cseq: 50 })
    return aor
  }

  test('removes everything', () => {
    const aor = filled()
    const gone = aor.send({ contact: '*', expires: 0, cseq: 6 })
    expect([status(gone), aor.uris]).toEqual([200, []])
    expect(gone.changes).toMatchObject([{ reason: 'unregistered' }, { reason: 'unregistered' }])
  })

  test.each([
    ['without Expires', { contact: '*', cseq: 6 }],
    ['with Expires above 0', { contact: '*', expires: 60, cseq: 6 }],
    ['beside another Contact', { contact: ['*', A], expires: 0, cseq: 6 }],
    ['with a CSeq that is not higher', { contact: '*', expires: 0, cseq: 5 }],
  ])('%s fails and changes nothing', (_, parts) => {
    const aor = filled()
    const refused = aor.send(parts)
    expect([status(refused), refused.changes, aor.uris.length]).toEqual([400, [], 2])
  })
})

describe('limit of Contacts', () => {
  const contact = (i: number): string => `<sip:101@10.0.1.${i}>`
  const full = (who: (i: number) => Partial<Registrant>, parts: (i: number) => RegisterParts = () => ({})): Aor => {
    const aor = new Aor()
    for (let i = 1; i <= 10; i += 1) {
      aor.now += 1_000
      aor.send({ contact: contact(i), callId: `c${i}`, ...parts(i) }, who(i))
    }
    return aor
  }
  const elsewhere = (i: number): Partial<Registrant> => ({ received: `10.0.1.${i}:5060` })

  test('an eleventh phone is refused with 403; those that are there still refresh', () => {
    const aor = full(elsewhere)
    const refused = aor.send({ contact: contact(11), callId: 'c11' }, elsewhere(11))
    expect([status(refused), refused.changes]).toEqual([403, []])
    expect(status(aor.send({ contact: contact(3), callId: 'c3', cseq: 2 }, elsewhere(3)))).toBe(200)
  })

  test('the oldest binding of the same instance gives way', () => {
    const instance = (i: number): string => `${contact(i)};+sip.instance="<urn:uuid:${i % 2}>"`
    const aor = full(elsewhere, (i) => ({ contact: instance(i) }))
    const made = aor.send({ contact: instance(11), callId: 'c11' }, elsewhere(11))
    expect(made.changes).toMatchObject([
      { kind: 'remove', reason: 'replaced', binding: { contactUri: 'sip:101@10.0.1.1' } },
      { kind: 'save', event: 'registered' },
    ])
    expect(aor.uris).toHaveLength(10)
  })

  test('else the oldest of the same User-Agent and source', () => {
    const aor = full(
      (i) => ({ received: i > 4 ? '10.9.9.9:1' : '10.0.0.2:7' }),
      () => ({ extra: ['User-Agent: T21'] }),
    )
    const made = aor.send({ contact: contact(11), extra: ['User-Agent: T21'] }, { received: '10.9.9.9:4000' })
    expect(made.changes[0]).toMatchObject({ reason: 'replaced', binding: { contactUri: 'sip:101@10.0.1.5' } })
    const other = aor.send({ contact: contact(12), extra: ['User-Agent: D120'] }, { received: '10.9.9.9:4000' })
    expect(status(other)).toBe(403)
  })

  test('an extension may have its own limit, and one request a limit too', () => {
    const aor = new Aor()
    aor.send({ contact: A }, { maxContacts: 1 })
    expect(status(aor.send({ contact: B, callId: 'x' }, { maxContacts: 1 }))).toBe(403)
    const many = Array.from({ length: 11 }, (_, i) => contact(i + 1))
    expect(status(new Aor().send({ contact: many }, { maxContacts: 99 }))).toBe(403)
  })
})

describe('extensions', () => {
  test('[RFC3327-5.3] Path is stored in order, and echoed to a phone that supports it', () => {
    const aor = new Aor()
    const path = ['Path: <sip:p1;lr>, <sip:p2;lr>', 'Path: <sip:p3;lr>']
    const made = aor.send({ contact: A, extra: [...path, 'Supported: path'] })
    expect(headerValues({ headers: made.answer.headers ?? [] }, 'Path')).toEqual([
      '<sip:p1;lr>',
      '<sip:p2;lr>',
      '<sip:p3;lr>',
    ])
    expect(aor.table.of(WHO.aor)[0]?.path).toEqual(['<sip:p1;lr>', '<sip:p2;lr>', '<sip:p3;lr>'])
    expect(header(aor.send({ contact: A, cseq: 2, extra: path }), 'Path')).toBeUndefined()
    expect(status(aor.send({ contact: A, cseq: 3, extra: ['Path: nonsense'] }))).toBe(400)
  })

  test('[RFC5626-6] instance and reg-id tell bindings apart, whatever the URI', () => {
    const aor = new Aor()
    const flow = (n: number): string => `;+sip.instance="<urn:uuid:1>";reg-id=${n}`
    const extra = ['Supported: outbound']
    aor.send({ contact: A + flow(1), extra })
    const second = aor.send({ contact: A + flow(2), cseq: 2, extra })
    expect(header(second, 'Require')).toBe('outbound')
    expect(aor.uris).toHaveLength(2)
    aor.send({ contact: B + flow(1), callId: 'reboot', extra })
    expect(aor.uris.sort()).toEqual(['sip:101@10.0.0.7:5062', 'sip:101@10.0.0.8:5062'])
  })

  test('[RFC5626-6] reg-id without support for outbound is ignored', () => {
    const aor = new Aor()
    const contact = (n: number): string => `${A};+sip.instance="<urn:uuid:1>";reg-id=${n}`
    aor.send({ contact: contact(1) })
    expect(header(aor.send({ contact: contact(2), cseq: 2 }), 'Require')).toBeUndefined()
    expect(aor.uris).toHaveLength(1)
  })

  test.each([
    ['[RFC4475-3.1.2.13] a question mark outside brackets', 'sip:user@example.com?Route=%3Csip:x%3E'],
    ['[RFC4475-3.3.4] another scheme', '<name:John_Smith>'],
    ['an open bracket', '<sip:101@h'],
    ['an open quote', '"x <sip:101@h>'],
    ['empty parameters', `${A};;;;`],
  ])('%s is 400', (_, contact) => expect(status(new Aor().send({ contact }))).toBe(400))

  test('[RFC4475-3.3.14] a Contact URI may carry headers; they are kept', () => {
    const aor = new Aor()
    aor.send({ contact: '<sip:user@example.com?Route=%3Csip:sip.example.com%3E>' })
    expect(aor.uris).toEqual(['sip:user@example.com?Route=%3Csip:sip.example.com%3E'])
  })
})

describe('laws', () => {
  const request = fc.record({
    contact: fc.array(
      fc
        .tuple(
          fc.constantFrom('h', 'H', 'i', 'j:5061'),
          fc.constantFrom('', ';expires=0', ';expires=30', ';expires=90'),
        )
        .map(([host, expires]) => `<sip:101@${host}>${expires}`),
      { maxLength: 4 },
    ),
    callId: fc.constantFrom('a', 'b'),
    cseq: fc.integer({ min: 1, max: 6 }),
  })

  test('a refused request changes nothing; an accepted one leaves what its answer lists', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
        const aor = new Aor()
        for (const parts of requests) {
          const before = aor.table.of(WHO.aor)
          const decision = aor.send(parts)
          const after: readonly Binding[] = aor.table.of(WHO.aor)
          if (status(decision) !== 200) expect(after).toBe(before)
          else
            expect(contacts(decision).map((text) => text.split('>')[0])).toEqual(after.map((b) => `<${b.contactUri}`))
          expect(new Set(after.map((binding) => binding.bindingKey)).size).toBe(after.length)
        }
      }),
    )
  })
})
