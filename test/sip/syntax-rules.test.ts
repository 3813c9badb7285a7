import { describe, expect, test } from '@jest/globals'
import { readCredentials } from '../../src/sip/digest.js'
import { type Header, headerValue, headerValues, listValues } from '../../src/sip/message.js'
import { parseNameAddr, tagOf } from '../../src/sip/headers/name-addr.js'
import { type Parsed, parseDatagram } from '../../src/sip/parse.js'
import { createResponse } from '../../src/sip/response.js'
import { serialize } from '../../src/sip/serialize.js'
import { normaliseEscapes, parseSipUri, sameUri, unescapeUri } from '../../src/sip/uri.js'
import { registerText } from '../support/sip-requests.js'

type Request = Extract<Parsed, { kind: 'request' }>

function request(text: string): Request {
  const parsed = parseDatagram(text)
  if (parsed.kind !== 'request') throw new Error(JSON.stringify(parsed))
  return parsed
}

/** Status of the refusal, `request` when it is read, `dropped` when nobody can be told. */
function fate(text: string): number | string {
  const parsed = parseDatagram(text)
  return parsed.kind === 'refused' ? parsed.status : parsed.kind
}

const refusedHeaders = (parsed: Parsed): readonly Header[] => (parsed.kind === 'refused' ? parsed.answerTo.headers : [])

const good = registerText({ branch: 'z9hG4bKx' })
const edit = (from: string | RegExp, to: string): string => {
  const text = good.replace(from, to)
  if (text === good) throw new Error(`nothing to edit: ${String(from)}`)
  return text
}

describe('the start line', () => {
  test.each([
    ['[RFC3261-7.1] two blanks in the request line', /REGISTER sip/, 'REGISTER  sip'],
    ['[RFC3261-7.1] a blank behind the version', /SIP\/2.0\r\n/, 'SIP/2.0 \r\n'],
    ['[RFC3261-7.1] a tab for a blank', /REGISTER sip/, 'REGISTER\tsip'],
    ['[RFC3261-7.1] a method that is no token', /REGISTER sip/, 'REG(ISTER sip'],
    ['[RFC3261-7.1] a request line folded over two lines', /com SIP/, 'com\r\n SIP'],
    ['[RFC3261-7.1] brackets round the Request-URI', 'sip:example.com SIP', '<sip:example.com> SIP'],
  ])('%s is 400', (_, from, to) => expect(fate(edit(from, to))).toBe(400))

  test('[RFC3261-7.1] methods are case-sensitive: "register" is another one', () => {
    const text = good.replace('REGISTER sip', 'register sip').replace('1 REGISTER', '1 register')
    expect(request(text).request.method).toBe('register')
    expect(fate(edit('REGISTER sip', 'register sip'))).toBe(400)
  })

  test('[RFC3261-7.1] the version is read in any case and always written SIP/2.0', () => {
    const { request: message, envelope } = request(edit('SIP/2.0\r\n', 'sIp/2.0\r\n'))
    const source = { address: '10.0.0.7', port: 5062 }
    const echoed = { headers: message.headers, via: envelope.via }
    expect(serialize(createResponse(echoed, source, 't', { status: 200 }))).toMatch(/^SIP\/2\.0 200 OK\r\n/)
  })

  test('[RFC3261-21.4.19] a version that is not ours is 505, however it is written', () => {
    for (const version of ['SIP/3.0', 'SIP/2.1', 'SIP/20.0', 'sip/7.0']) {
      expect([version, fate(edit('SIP/2.0\r\n', `${version}\r\n`))]).toEqual([version, 505])
    }
  })

  test('[RFC3261-7.5] empty lines before the start line are passed over', () => {
    expect(fate(`\r\n\r\n\r\n${good}`)).toBe('request')
  })

  test('[RFC3261-7.2] a response whose status is not three digits from 100 to 699 is dropped', () => {
    const response = (line: string): string => good.replace(/^.*\r\n/, `${line}\r\n`)
    expect(fate(response('SIP/2.0 200 OK'))).toBe('response')
    expect(fate(response('SIP/2.0 603 '))).toBe('response')
    for (const status of ['99', '700', '1000', '20', '2x0', '-200', '4294967496']) {
      expect([status, fate(response(`SIP/2.0 ${status} OK`))]).toEqual([status, 'dropped'])
    }
  })
})

describe('header fields', () => {
  test.each([
    ['CSeq', 'CSeq: 1 REGISTER', 'CSeq:\r\n 1\r\n\tREGISTER'],
    ['Via', ';branch=', '\r\n  ;\r\n\tbranch\r\n =\r\n '],
    ['To', 'To: <sip', 'To:\r\n\t"A\r\n B"\r\n <sip'],
  ])('[RFC3261-7.3.1] %s is read however it is folded', (_, from, to) => {
    const { envelope } = request(edit(from, to))
    expect(envelope.cseq).toEqual({ number: 1, method: 'REGISTER' })
    expect(envelope.via.branch).toBe('z9hG4bKx')
    expect(envelope.to.uri).toBe('sip:101@example.com')
  })

  test('[RFC3261-7.3.1] a folded Authorization is one value, and commas do not split it', () => {
    const digest = `Digest username="101",\r\n realm="a, b",\r\n\tnonce="n", uri="sip:x",response="${'0'.repeat(32)}"`
    const { request: message } = request(registerText({ authorization: digest }))
    const values = headerValues(message, 'Authorization')
    expect(values).toHaveLength(1)
    expect(readCredentials(values[0] ?? '')).toMatchObject({ username: '101', realm: 'a, b' })
  })

  test('[RFC3261-7.3.1] many fields of one list are one list, in order', () => {
    const extra = ['m: <sip:a@h>, <sip:b@h>', 'CONTACT : <sip:c@h>', 'Contact: "x, y" <sip:d@h>']
    const list = listValues(request(registerText({ extra })).request, 'Contact')
    expect(list).toEqual(['<sip:a@h>', '<sip:b@h>', '<sip:c@h>', '"x, y" <sip:d@h>'])
  })

  test('[RFC3261-7.3.1] a header without a value, and one that nobody knows, are taken', () => {
    expect(fate(registerText({ extra: ['Subject:', 'X-Unheard-Of: a, "b', 'C%6Fntact: <sip:x@h>'] }))).toBe('request')
  })

  test.each([
    ['c', 'Content-Type'],
    ['e', 'Content-Encoding'],
    ['f', 'From'],
    ['i', 'Call-ID'],
    ['k', 'Supported'],
    ['l', 'Content-Length'],
    ['m', 'Contact'],
    ['o', 'Event'],
    ['r', 'Refer-To'],
    ['s', 'Subject'],
    ['t', 'To'],
    ['u', 'Allow-Events'],
    ['v', 'Via'],
    ['x', 'Session-Expires'],
  ])('[RFC3261-7.3.3] %s: is the same header as %s:', (compact, long) => {
    const line = (name: string): string => {
      const parsed = parseDatagram(good.replace('Max-Forwards: 70', `${name}: 70`))
      const headers = parsed.kind === 'request' ? parsed.request.headers : undefined
      return headerValue({ headers: headers ?? refusedHeaders(parsed) }, long) ?? ''
    }
    expect(line(compact)).toBe(line(long))
    expect(line(compact.toUpperCase())).toBe(line(long))
  })

  test.each(['To', 'From', 'Call-ID', 'CSeq', 'Max-Forwards', 'Content-Length', 'Expires'])(
    '[RFC3261-7.3.1] a second %s is 400',
    (name) => {
      const value = headerValue(request(registerText({ expires: 60, branch: 'z9hG4bKx' })).request, name) ?? ''
      expect(fate(registerText({ expires: 60, extra: [`${name}: ${value}`] }))).toBe(400)
    },
  )

  test('[RFC3261-20.17] a Date in another zone than GMT is no reason to refuse', () => {
    expect(fate(registerText({ extra: ['Date: Fri, 01 Jan 2010 16:00:00 EST'] }))).toBe('request')
  })
})

describe('headers that every request needs', () => {
  test.each(['From', 'To', 'Call-ID', 'CSeq'])('[RFC3261-8.1.1] without %s nothing is done', (name) => {
    expect(fate(good.replace(new RegExp(`${name}: .*\r\n`), ''))).toBe('dropped')
  })

  test.each([
    ['From', 'From: <sip:101@example.com\r\n'],
    ['To', 'To: "open <sip:101@example.com>\r\n'],
    ['Call-ID', 'Call-ID: two words\r\n'],
    ['CSeq', 'CSeq: REGISTER\r\n'],
  ])('[RFC3261-8.1.1] a %s that cannot be read is 400', (name, line) => {
    expect(fate(good.replace(new RegExp(`${name}: .*\r\n`), line))).toBe(400)
  })

  test('[RFC3261-8.1.1.3] a From without a tag is taken: RFC 2543 phones have none', () => {
    const { envelope } = request(edit(';tag=f1', ''))
    expect(tagOf(envelope.from)).toBeUndefined()
  })

  test.each([
    ['0', 'request'],
    ['0000000001', 'request'],
    ['2147483647', 'request'],
    ['2147483648', 400],
    ['4294967295', 400],
    ['4294967296', 400],
    ['36893488147419103232', 400],
    ['-1', 400],
    ['+1', 400],
    ['1.5', 400],
    ['1e3', 400],
    ['0x1', 400],
    ['1x', 400],
    ['', 400],
  ])('[RFC3261-8.1.1.5] CSeq number %j: %s', (number, expected) => {
    expect(fate(edit('CSeq: 1 ', `CSeq: ${number} `))).toBe(expected)
  })

  test('[RFC3261-8.1.1.5] the method of CSeq is that of the request', () => {
    expect(fate(edit('1 REGISTER', '1 INVITE'))).toBe(400)
    expect(fate(edit('1 REGISTER', '1 Register'))).toBe(400)
  })

  test.each([
    ['0', 'request'],
    ['0068', 'request'],
    ['255', 'request'],
    ['256', 400],
    ['300', 400],
    ['-1', 400],
    ['many', 400],
  ])('[RFC3261-20.22] Max-Forwards %s: %s', (value, expected) => {
    expect(fate(edit('Max-Forwards: 70', `Max-Forwards: ${value}`))).toBe(expected)
  })

  test('[RFC3261-20.22] without Max-Forwards a request is taken: RFC 2543 phones send none', () => {
    expect(fate(edit('Max-Forwards: 70\r\n', ''))).toBe('request')
  })

  test('[RFC3261-20.42] transports and parameters that nobody knows are taken in any Via', () => {
    const via = 'Via: SIP/2.0/SCTP a;branch=z9hG4bK1;x="y;z";lr, SIP / 2.0 / UNKNOWN b:5060 ;received=1.2.3.4'
    expect(request(registerText({ via })).envelope.via).toMatchObject({ transport: 'SCTP', host: 'a' })
  })

  test.each(['0', '65536', '-1', 'x', '1 2'])('[RFC3261-20.42] a Via with port %j is not answered', (port) => {
    expect(fate(registerText({ via: `Via: SIP/2.0/UDP h:${port};branch=z9hG4bKa` }))).toBe('dropped')
  })
})

describe('addresses', () => {
  test('[RFC3261-20.10] without brackets every parameter is the header’s, inside them the URI’s', () => {
    const names = (text: string): unknown => {
      const address = parseNameAddr(text)
      const uri = parseSipUri(address?.uri ?? '')
      return [address?.params.map(({ name }) => name), [...(uri?.params.keys() ?? [])]]
    }
    expect(names('sip:a@h;expires=5;transport=tcp')).toEqual([['expires', 'transport'], []])
    expect(names('<sip:a@h;transport=tcp>;expires=5')).toEqual([['expires'], ['transport']])
    expect(names('A B <sip:a@h;lr> ; q = 0.5')).toEqual([['q'], ['lr']])
  })

  test.each(['sip:a@h?x=y', 'sip:a,b@h', 'Bell, Alexander <sip:a@h>', '"open <sip:a@h>', '<sip:a@h', '< sip:a@h >'])(
    '[RFC3261-20.10] %j cannot be read',
    (text) => expect(parseNameAddr(text)).toBeUndefined(),
  )

  test('[RFC3261-20.10] a quoted name holds anything, and brackets may follow a token at once', () => {
    expect(parseNameAddr('"<sip:x@y>;tag=1, \\"" <sip:a@h>;tag=2')).toMatchObject({
      displayName: '<sip:x@y>;tag=1, "',
      uri: 'sip:a@h',
      params: [{ name: 'tag', value: '2' }],
    })
    expect(parseNameAddr('caller<sip:a@h>')?.displayName).toBe('caller')
  })

  test('[RFC3261-19.1.2] an escape is undone once', () => {
    expect(unescapeUri('%2561%00')).toBe('%61\0')
    expect(normaliseEscapes('%2561%3b%e4a')).toBe('%2561%3B%E4a')
  })

  test.each([
    ['sip:%6Aoe@h', 'sip:joe@h', true],
    ['sip:j%6fe@h', 'sip:j%6Fe@h', true],
    ['sip:joe%40x@h', 'sip:joe%40X@h', false],
    ['sip:a%2Fb@h', 'sip:a/b@h', false],
    ['sip:a%40b@h', 'sip:a%2540b@h', false],
    ['sip:Joe@h', 'sip:joe@h', false],
    ['sip:joe:Pw@h', 'sip:joe:pw@h', false],
    ['sip:a@h;line=%61b', 'sip:a@h;line=ab', true],
    ['sip:a@h;x=1;y=2', 'sip:a@h;y=2;x=1', true],
    ['sip:a@h?a=%41', 'sip:a@h?a=A', true],
    ['sip:a@h;transport=%75dp', 'sip:a@h;transport=UDP', true],
  ])('[RFC3261-19.1.4] %s and %s with their escapes undone: the same is %s', (a, b, expected) => {
    const [one, other] = [parseSipUri(a), parseSipUri(b)]
    expect(one && other && [sameUri(one, other), sameUri(other, one)]).toEqual([expected, expected])
  })
})

describe('sizes and lengths', () => {
  test.each(['-1', '+0', '0.0', '1e1', '0x0', 'many', '', '5, 5'])(
    '[RFC3261-20.14] Content-Length %j is 400',
    (value) => expect(fate(edit('Content-Length: 0', `Content-Length: ${value}`))).toBe(400),
  )

  test('[RFC3261-18.3] a body counts octets, not characters', () => {
    const body = Buffer.from('ü', 'utf8').toString('latin1')
    expect(request(edit('Content-Length: 0\r\n\r\n', `Content-Length: 2\r\n\r\n${body}rest`)).request.body).toBe(body)
  })

  test('[RFC3261-21.4.11] [RFC3261-21.4.12] [RFC3261-21.5.7] too large a body is 413, too long a Request-URI 414, else 513', () => {
    expect(fate(edit('Content-Length: 0', 'Content-Length: 65537'))).toBe(413)
    expect(fate(edit('sip:example.com', `sip:${'a'.repeat(1_025)}`))).toBe(414)
    expect(fate(edit('Content-Length', `${'X: y\r\n'.repeat(200)}Content-Length`))).toBe(513)
  })
})
