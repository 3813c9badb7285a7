import { describe, expect, test } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import { SILENT_LOG } from '../../src/observe/log.js'
import { createRegistrar, type Registrar } from '../../src/registrar/edge/registrar.js'
import { MemoryBindingStore } from '../support/memory-binding-store.js'
import { type Framed, StreamFramer } from '../../src/sip/framing.js'
import { headerValue } from '../../src/sip/message.js'
import { type Parsed, parseDatagram } from '../../src/sip/parse.js'
import { parseSipUri } from '../../src/sip/uri.js'
import { FakeClock } from '../support/fake-clock.js'
import { deliver, FakeFlow } from '../support/fake-flow.js'
import { MemoryAccounts } from '../support/memory-accounts.js'
import { seededRandom } from '../support/seeded-random.js'

/** What must become of a message: how it reads as a datagram, what is answered, what a stream makes of it. */
interface Expected {
  reads: Parsed['kind']
  /** Status of the answer; undefined: silence. */
  answer?: number
  /** On a stream: `message` (default), `broken` (the connection is closed), `waits` (for octets that never come). */
  stream?: 'message' | 'broken' | 'waits'
}

const answered = (answer: number): Expected => ({ reads: 'request', answer })
const refused = (answer: number, stream: Expected['stream'] = 'message'): Expected => ({
  reads: 'refused',
  answer,
  stream,
})
const silent = (reads: 'response' | 'dropped'): Expected => ({ reads })

/** RFC 4475; the registrar serves example.com, example.net and example.org and no method but REGISTER, OPTIONS. */
const RFC4475: Record<string, Expected> = {
  // 3.1.1 valid
  '[RFC4475-3.1.1.1] wsinv: folded and padded headers': answered(404),
  '[RFC4475-3.1.1.2] intmeth: odd characters of every kind': answered(405),
  '[RFC4475-3.1.1.3] esc01: escapes in URIs': answered(405),
  '[RFC4475-3.1.1.4] escnull: escaped NUL in URIs': answered(401),
  '[RFC4475-3.1.1.5] esc02: escapes that are none, as in RE%47IST%45R': answered(405),
  '[RFC4475-3.1.1.6] lwsdisp: no blank between name and bracket': answered(200),
  '[RFC4475-3.1.1.7] longreq: long values': answered(405),
  '[RFC4475-3.1.1.8] dblreq: octets behind the message': answered(401),
  '[RFC4475-3.1.1.9] semiuri: semicolons in the user part': answered(200),
  '[RFC4475-3.1.1.10] transports: transports of every kind in Via': answered(200),
  '[RFC4475-3.1.1.11] mpart01: a body in parts, with NULs': answered(405),
  '[RFC4475-3.1.1.12] unreason: a reason phrase in UTF-8': silent('response'),
  '[RFC4475-3.1.1.13] noreason: an empty reason phrase': silent('response'),
  // 3.1.2 invalid
  '[RFC4475-3.1.2.1] badinv01: stray separators': silent('dropped'),
  '[RFC4475-3.1.2.2] clerr: Content-Length beyond the message': refused(400, 'waits'),
  '[RFC4475-3.1.2.3] ncl: a negative Content-Length': refused(400, 'broken'),
  '[RFC4475-3.1.2.4] scalar02: numbers beyond their limits': refused(400),
  '[RFC4475-3.1.2.5] scalarlg: numbers beyond their limits in a response': silent('dropped'),
  '[RFC4475-3.1.2.6] quotbal: an open quote': refused(400),
  '[RFC4475-3.1.2.7] ltgtruri: brackets round the Request-URI': refused(400),
  '[RFC4475-3.1.2.8] lwsruri: a blank inside the Request-URI': refused(400),
  '[RFC4475-3.1.2.9] lwsstart: two blanks in the request line': refused(400),
  '[RFC4475-3.1.2.10] trws: blanks behind the request line': refused(400),
  '[RFC4475-3.1.2.11] escruri: headers in the Request-URI': refused(400),
  '[RFC4475-3.1.2.12] baddate: a Date that is not GMT': answered(405),
  '[RFC4475-3.1.2.13] regbadct: a question mark in a Contact without brackets': answered(400),
  '[RFC4475-3.1.2.14] badaspec: blanks inside the brackets': refused(400),
  '[RFC4475-3.1.2.15] baddn: a name with a comma and no quotes': refused(400),
  '[RFC4475-3.1.2.16] badvers: SIP/7.0': refused(505),
  '[RFC4475-3.1.2.17] mismatch01: CSeq of another method': refused(400),
  '[RFC4475-3.1.2.18] mismatch02: CSeq of another method, unknown': refused(400),
  '[RFC4475-3.1.2.19] bigcode: a status beyond all bounds': silent('dropped'),
  // 3.2 transaction layer
  '[RFC4475-3.2.1] badbranch: a branch of the magic cookie alone': answered(200),
  // 3.3 application layer
  '[RFC4475-3.3.1] insuf: required headers missing': silent('dropped'),
  '[RFC4475-3.3.2] unkscm: an unknown scheme in the Request-URI': refused(416),
  '[RFC4475-3.3.3] novelsc: a scheme of many letters in the Request-URI': refused(416),
  '[RFC4475-3.3.4] unksm2: other schemes in To, From and Contact': answered(400),
  '[RFC4475-3.3.5] bext01: unknown Require and Proxy-Require': answered(420),
  '[RFC4475-3.3.6] invut: a body of unknown type': answered(405),
  '[RFC4475-3.3.7] regaut01: an unknown scheme of authorization': answered(401),
  '[RFC4475-3.3.8] multi01: single headers twice': refused(400, 'waits'),
  '[RFC4475-3.3.9] mcl01: two Content-Lengths': refused(400, 'broken'),
  '[RFC4475-3.3.10] bcast: a response whose Via is a broadcast address': silent('response'),
  '[RFC4475-3.3.11] zeromf: Max-Forwards 0': answered(200),
  '[RFC4475-3.3.12] cparam01: an unknown Contact parameter': answered(401),
  '[RFC4475-3.3.13] cparam02: an unknown URI parameter': answered(401),
  '[RFC4475-3.3.14] regescrt: a Route inside a Contact URI': answered(401),
  '[RFC4475-3.3.15] sdp01: an Accept that nobody can meet': answered(405),
  // 3.4 older clients
  '[RFC4475-3.4.1] inv2543: an INVITE of RFC 2543': { reads: 'request', answer: 405, stream: 'broken' },
}

/** RFC 5118 §4. */
const RFC5118: Record<string, Expected> = {
  '[RFC5118-4.1] v6-ref: an IPv6 address in brackets': answered(401),
  '[RFC5118-4.2] v6-noref: an IPv6 address without brackets': refused(400),
  '[RFC5118-4.3] v6-portamb: what looks like a port inside the brackets': answered(404),
  '[RFC5118-4.4] v6-port: a port behind the brackets': answered(401),
  '[RFC5118-4.5] v6-rcvdbr: received with brackets': answered(401),
  '[RFC5118-4.5] v6-rcvd: received without brackets': answered(401),
  '[RFC5118-4.6] v6-sdp: IPv6 in a body': answered(405),
  '[RFC5118-4.7] v6-multi: Vias of both families': answered(404),
  '[RFC5118-4.8] v6-sdpmix: both families in a body': answered(405),
  '[RFC5118-4.9] v6-mapped: a mapped address in a body': answered(405),
  '[RFC5118-4.10] v6-3colon: three colons': refused(400),
}

const OWN = ['registrar.example.com', 'example.net', 'example.org', 'company.com', '[2001:db8::10]']

function read(folder: string, name: string): string {
  return readFileSync(new URL(`../torture/${folder}/${name}.dat`, import.meta.url), 'latin1')
}

/** The RFC's name of a message: what stands between tag and colon. */
function nameIn(title: string): string {
  return /^\[[^\]]+\] ([^:]+): /.exec(title)?.[1] ?? ''
}

async function registrar(): Promise<Registrar> {
  const accounts = new MemoryAccounts([{ username: 'user', password: 'x', number: '101' }], 'example.com')
  const started = createRegistrar({
    clock: new FakeClock(),
    random: seededRandom(),
    log: { ...SILENT_LOG, error: (fields, message) => expect([message, fields]).toEqual([]) },
    store: new MemoryBindingStore(),
    accounts,
    sites: accounts,
    ownHosts: () => OWN,
  })
  await started.start()
  return started
}

function streamed(text: string): Framed | undefined {
  return new StreamFramer().push(text)[0]
}

describe.each([
  ['rfc4475', RFC4475],
  ['rfc5118', RFC5118],
] as const)('%s', (folder, table) => {
  test('every message of the RFC has its expectation', () => {
    const files = readdirSync(new URL(`../torture/${folder}/`, import.meta.url))
    expect(Object.keys(table).map(nameIn).sort()).toEqual(files.map((file) => file.replace('.dat', '')).sort())
  })

  test.each(Object.entries(table))('%s', async (title, expected) => {
    const text = read(folder, nameIn(title))
    expect(parseDatagram(text).kind).toBe(expected.reads)
    const flow = new FakeFlow()
    await deliver(await registrar(), text, flow)
    const statuses = flow.sent.map((sent) => Number(sent.text.slice(8, 11)))
    expect(statuses).toEqual(expected.answer === undefined ? [] : [expected.answer])
    for (const sent of flow.sent) expect(sent.text).toMatch(/^SIP\/2\.0 \d{3} [^\r\n]+\r\n([^\r\n]+\r\n)+\r\n$/)
    const stream = expected.stream ?? 'message'
    expect(streamed(text)?.kind ?? 'waits').toBe(stream)
  })
})

describe('what the messages say', () => {
  const request = (name: string): Extract<Parsed, { kind: 'request' }> => {
    const parsed = parseDatagram(read('rfc4475', name))
    if (parsed.kind !== 'request') throw new Error(parsed.kind)
    return parsed
  }

  test('[RFC4475-3.1.1.1] wsinv: folded and padded headers are read right', () => {
    const { envelope, request: message } = request('wsinv')
    expect(envelope.cseq).toEqual({ number: 9, method: 'INVITE' })
    expect(envelope.maxForwards).toBe(68)
    expect(envelope.via).toMatchObject({ transport: 'UDP', host: '192.0.2.2', branch: '390skdjuw' })
    expect(envelope.from.displayName).toBe('J Rosenberg \\"')
    expect(envelope.to.params).toEqual([{ name: 'tag', value: '1918181833n' }])
    expect(headerValue(message, 'NewFangledHeader')).toBe('newfangled value continued newfangled value')
    expect(message.body).toHaveLength(150)
  })

  test('[RFC4475-3.1.1.2] intmeth: odd characters are kept and echoed', async () => {
    const { envelope, request: message } = request('intmeth')
    expect(message.method).toBe("!interesting-Method0123456789_*+`.%indeed'~")
    expect(envelope.uri.user).toBe("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
    expect(envelope.to.displayName).toBe('BEL:\x07 NUL:\x00 DEL:\x7f')
    const flow = new FakeFlow()
    await deliver(await registrar(), read('rfc4475', 'intmeth'), flow)
    for (const name of ['From', 'Call-ID', 'CSeq']) {
      expect(headerValue(flow.answer, name)).toBe(headerValue(message, name))
    }
  })

  test('[RFC4475-3.1.1.3] esc01: an escaped "sips:" in the user part is not a scheme', () => {
    expect(request('esc01').envelope.uri).toMatchObject({ scheme: 'sip', host: 'example.net' })
  })

  test('[RFC4475-3.1.1.5] esc02: an escaped REGISTER is another method', () => {
    expect(request('esc02').request.method).toBe('RE%47IST%45R')
  })

  test('[RFC4475-3.1.1.8] dblreq: on a stream both messages come out', () => {
    const kinds = new StreamFramer().push(read('rfc4475', 'dblreq'))
    expect(
      kinds.map((one) => one.kind !== 'ping' && one.parsed.kind === 'request' && one.parsed.request.method),
    ).toEqual(['REGISTER', 'INVITE'])
  })

  test('[RFC4475-3.1.1.9] semiuri: the user part keeps its semicolon', () => {
    expect(request('semiuri').envelope.uri.user).toBe('user;par=u%40example.net')
  })

  test('[RFC4475-3.1.1.11] mpart01: a body with NULs is kept whole', () => {
    const { body } = request('mpart01').request
    expect(body).toContain('\0')
    expect(body).toHaveLength(Number(headerValue(request('mpart01').request, 'Content-Length')))
  })

  test('[RFC4475-3.3.5] bext01: all and only the unknown extensions are named', async () => {
    const flow = new FakeFlow()
    await deliver(await registrar(), read('rfc4475', 'bext01'), flow)
    expect(headerValue(flow.answer, 'Unsupported')).toBe('nothingsupportsthis, nothingsupportsthiseither')
  })

  test('[RFC4475-3.3.12] cparam01 and cparam02: header and URI parameters are told apart', () => {
    const uriParams = (name: string): string[] => {
      const contact = headerValue(request(name).request, 'Contact') ?? ''
      return [...(parseSipUri(/<(.*)>/.exec(contact)?.[1] ?? '')?.params.keys() ?? [])]
    }
    expect(uriParams('cparam01')).toEqual([])
    expect(uriParams('cparam02')).toEqual(['unknownparam'])
  })

  test('[RFC5118-4.3] v6-portamb: what looks like a port is part of the address', () => {
    const parsed = parseDatagram(read('rfc5118', 'v6-portamb'))
    expect(parsed.kind === 'request' && parsed.envelope.uri).toMatchObject({ host: '[2001:db8::10:5070]' })
  })

  test('[RFC5118-4.5] v6-rcvdbr: received is read with brackets as well', () => {
    const parsed = parseDatagram(read('rfc5118', 'v6-rcvdbr'))
    expect(parsed.kind === 'request' && parsed.envelope.via.params).toContainEqual({
      name: 'received',
      value: '[2001:db8::9:255]',
    })
  })
})
