import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LIMITS, splitHead } from '../../src/sip/head.js'
import { canonicalName, headerValue, headerValues, listValues, type SipMessage } from '../../src/sip/message.js'
import { type Parsed, parseDatagram } from '../../src/sip/parse.js'
import { serialize, SipInjectionError } from '../../src/sip/serialize.js'
import { registerText } from '../support/sip-requests.js'
import { growth } from '../support/growth.js'

function request(text: string): Extract<Parsed, { kind: 'request' }> {
  const parsed = parseDatagram(text)
  if (parsed.kind !== 'request') throw new Error(JSON.stringify(parsed))
  return parsed
}

const refusedWith = (text: string): number | string => {
  const parsed = parseDatagram(text)
  return parsed.kind === 'refused' ? parsed.status : parsed.kind
}

const edit = (from: string | RegExp, to: string): string => registerText({ branch: 'z9hG4bKx' }).replace(from, to)

describe('a request', () => {
  test('[RFC3261-7.3.1] folded, compact and oddly written headers are read', () => {
    const text = edit(/Call-ID: call-1/, 'i : call-1').replace(/CSeq: 1 REGISTER/, 'cSEQ:\r\n\t 0001\r\n   REGISTER')
    const { envelope, request: message } = request(text)
    expect(envelope).toMatchObject({ callId: 'call-1', cseq: { number: 1, method: 'REGISTER' } })
    expect(headerValue(message, 'CSeq')).toBe('0001 REGISTER')
  })

  test('[RFC3261-18.3] octets beyond Content-Length are discarded on UDP', () => {
    expect(request(`${registerText()}garbage`).request.body).toBe('')
  })

  test('[RFC3261-18.3] without Content-Length the body ends with the datagram', () => {
    expect(request(`${edit('Content-Length: 0\r\n', '')}body`).request.body).toBe('body')
  })

  test('CRLFs before the start line are skipped', () => {
    expect(request(`\r\n\r\n${registerText()}`).request.method).toBe('REGISTER')
  })

  test('a list is split outside quotes and brackets only', () => {
    const { request: message } = request(registerText({ contact: '"a, \\" b" <sip:1@h;x=",">, <sip:2,3@h>;q=1' }))
    expect(listValues(message, 'Contact')).toEqual(['"a, \\" b" <sip:1@h;x=",">', '<sip:2,3@h>;q=1'])
  })

  test('names like __proto__ are names like any other', () => {
    const { request: message } = request(registerText({ extra: ['__proto__: x', 'constructor: y'] }))
    expect(headerValues(message, '__proto__')).toEqual(['x'])
  })

  test('octets of UTF-8 survive, even those that other programs take for blanks', () => {
    const name = Buffer.from('à', 'utf8').toString('latin1')
    expect(headerValue(request(registerText({ extra: [`Subject: ${name}`] })).request, 'Subject')).toBe(name)
  })
})

test('lines of a head read the same when one that is folded makes all be read with care', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'To: <sip:1@a>',
      'v: SIP/2.0/UDP a',
      'X-Own :  b ',
      ' folded',
      '\tfolded',
      '',
      ':',
      'no colon',
      'A B: c',
    ),
    fc.string({ maxLength: 12, unit: fc.constantFrom('a', ':', ' ', '\t', '\r', '\n', 'x') }),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const text = ['REGISTER sip:a SIP/2.0', ...lines].join('\r\n')
      const alone = splitHead(text)
      const folded = splitHead(`${text}\r\nSubject: a\r\n b`)
      expect(folded).toEqual({ ...alone, headers: [...alone.headers, { name: 'Subject', value: 'a b' }] })
    }),
  )
})

describe('refusals', () => {
  test.each<[string, string, number | string]>([
    ['[RFC3261-8.1.1.5] CSeq of 2**31', edit('CSeq: 1 ', 'CSeq: 2147483648 '), 400],
    ['CSeq of another method', edit('CSeq: 1 REGISTER', 'CSeq: 1 OPTIONS'), 400],
    ['negative CSeq', edit('CSeq: 1 ', 'CSeq: -1 '), 400],
    ['two To', edit('To:', 'To: <sip:x@y>\r\nTo:'), 400],
    ['two Content-Lengths', edit('Content-Length: 0', 'Content-Length: 0\r\nl: 0'), 400],
    ['Content-Length beyond the datagram', edit('Content-Length: 0', 'Content-Length: 5'), 400],
    ['huge Content-Length', edit('Content-Length: 0', 'Content-Length: 99999999999999999999'), 413],
    ['Content-Length in hex', edit('Content-Length: 0', 'Content-Length: 0x0'), 400],
    ['SIP/3.0', edit('SIP/2.0\r\n', 'SIP/3.0\r\n'), 505],
    ['HTTP', edit('SIP/2.0\r\n', 'HTTP/1.1\r\n'), 400],
    ['Max-Forwards 256', edit('Max-Forwards: 70', 'Max-Forwards: 256'), 400],
    ['tel: Request-URI', edit('sip:example.com', 'tel:123'), 416],
    ['long Request-URI', edit('sip:example.com', `sip:${'a'.repeat(LIMITS.uriBytes)}`), 414],
    ['headers in the Request-URI', edit('sip:example.com', 'sip:example.com?Route=x'), 400],
    ['a line without colon', edit('Max-Forwards: 70', 'Max-Forwards 70'), 400],
    ['a bare LF', edit('Max-Forwards: 70', 'Max-Forwards: 70\nX: y'), 400],
    ['a value too long', edit('Max-Forwards: 70', `X: ${'x'.repeat(LIMITS.valueBytes + 1)}`), 513],
    ['too many headers', edit('Content-Length: 0', 'X: y\r\n'.repeat(LIMITS.headers) + 'X: y'), 513],
    ['no empty line', registerText().slice(0, -2), 400],
    ['no Via', edit(/Via: .*\r\n/, ''), 'dropped'],
    ['unreadable Via', edit(/Via: .*\r\n/, 'Via: nonsense\r\n'), 'dropped'],
    ['a broken ACK', edit('REGISTER sip', 'ACK sip').replace('CSeq: 1 REGISTER', 'CSeq: x ACK'), 'dropped'],
    ['a response with status 700', 'SIP/2.0 700 X\r\n\r\n', 'dropped'],
    ['keep-alive', '\r\n\r\n', 'dropped'],
    ['STUN', '\x00\x01\x00\x00\x21\x12\xa4\x42aaaaaaaaaaaa', 'dropped'],
  ])('%s', (_, text, expected) => expect(refusedWith(text)).toBe(expected))
})

describe('never throws', () => {
  test('on random octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        parseDatagram(Buffer.from(octets).toString('latin1'))
      }),
    )
  })

  test('on a good message with octets changed, dropped, doubled', () => {
    const good = registerText({ contact: '"A" <sip:101@10.0.0.7:5062>;expires=60', extra: ['Path: <sip:p;lr>'] })
    const change = fc.tuple(fc.nat(good.length), fc.nat(3), fc.string({ unit: 'binary-ascii', maxLength: 4 }))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const text = changes.reduce((now, [at, cut, put]) => now.slice(0, at) + put + now.slice(at + cut), good)
        expect(['request', 'response', 'refused', 'dropped']).toContain(parseDatagram(text).kind)
      }),
      { numRuns: 500 },
    )
  })

  test.each<[string, (size: number) => string]>([
    ['Contacts', (size) => registerText({ contact: '<sip:a@h>,'.repeat(size / 40) + '<sip:a@h>' })],
    ['quoted pairs', (size) => registerText({ extra: [`X: ${'"\\'.repeat(size / 4)}`] })],
    ['folded lines', (size) => registerText({ extra: Array.from({ length: size / 2 }, () => ' ') })],
    ['Via parameters', (size) => registerText({ via: `Via: SIP/2.0/UDP h${';a'.repeat(size / 8)}` })],
    ['blanks in a Via', (size) => registerText({ via: `Via: SIP/2.0/UDP h${' '.repeat(size / 4)}:5060` })],
    ['blanks in a header', (size) => registerText({ extra: [`X: ${' '.repeat(size)}x`] })],
    ['blanks in the request line', (size) => `REGISTER ${' '.repeat(size)}`],
    ['empty lines before it', (size) => '\r\n'.repeat(size / 2) + registerText()],
  ])('a message made to hurt by its %s costs no more than its length', (_what, make) => {
    // Short heads and values are read by a quicker way than long ones; each is looked at by itself.
    expect(growth(make, parseDatagram, 900)).toBeLessThan(10)
    expect(growth(make, parseDatagram, 17_000)).toBeLessThan(10)
  })
})

describe('writing', () => {
  const token = fc.string({ unit: fc.constantFrom(..."abcXYZ019-.!%*_+`'~"), minLength: 1, maxLength: 8 })
  const value = fc.string({ unit: 'binary', maxLength: 40 }).map((text) =>
    Buffer.from(text, 'utf8')
      .toString('latin1')
      .replace(/[\r\n]/g, '')
      .replace(/^[ \t]+|[ \t]+$/g, ''),
  )
  const messages = fc
    .tuple(token, fc.array(fc.tuple(token, value), { maxLength: 5 }), value)
    .filter(([, headers]) => headers.every(([name]) => canonicalName(name) === name))
    .map(([method, headers, body]): SipMessage => {
      const base = [
        ['Via', 'SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKa'],
        ['From', '<sip:a@b>;tag=1'],
        ['To', '<sip:a@b>'],
        ['Call-ID', 'x'],
        ['CSeq', `1 ${method}`],
        ...headers,
        ['Content-Length', String(body.length)],
      ]
      return {
        kind: 'request',
        method,
        uri: 'sip:b',
        headers: base.map(([name = '', text = '']) => ({ name, value: text })),
        body,
      }
    })

  test('parse(serialize(m)) = m', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const parsed = parseDatagram(serialize(message))
        expect(parsed.kind === 'request' && parsed.request).toEqual(message)
      }),
    )
  })

  test.each([
    { name: 'X', value: 'a\r\nEvil: b' },
    { name: 'X', value: 'a\nb' },
    { name: 'X', value: 'a\rb' },
    { name: 'X\r\nEvil', value: 'b' },
    { name: '', value: 'b' },
  ])('a line break in header %j is refused', (header) => {
    const response: SipMessage = { kind: 'response', status: 200, reason: 'OK', headers: [header], body: '' }
    expect(() => serialize(response)).toThrow(SipInjectionError)
  })

  test.each([
    { method: 'A B', uri: 'sip:b' },
    { method: 'A', uri: 'sip:b SIP/2.0\r\nX: y' },
    { method: 'A', uri: '' },
  ])('a bad start line %j is refused', (line) => {
    expect(() => serialize({ kind: 'request', ...line, headers: [], body: '' })).toThrow(SipInjectionError)
  })

  test('a reason phrase with a line break, and a status out of range, are refused', () => {
    const base = { kind: 'response', headers: [], body: '' } as const
    expect(() => serialize({ ...base, status: 200, reason: 'a\r\nb' })).toThrow(SipInjectionError)
    expect(() => serialize({ ...base, status: 99, reason: 'a' })).toThrow(SipInjectionError)
  })
})
