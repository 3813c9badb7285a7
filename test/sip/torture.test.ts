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
  wsinv: answered(404),
  intmeth: answered(405),
  esc01: answered(405),
  escnull: answered(401),
  esc02: answered(405),
  lwsdisp: answered(200),
  longreq: answered(405),
  dblreq: answered(401),
  semiuri: answered(200),
  transports: answered(200),
  mpart01: answered(405),
  unreason: silent('response'),
  noreason: silent('response'),
  // 3.1.2 invalid
  badinv01: silent('dropped'),
  clerr: refused(400, 'waits'),
  ncl: refused(400, 'broken'),
  scalar02: refused(400),
  scalarlg: silent('dropped'),
  quotbal: refused(400),
  ltgtruri: refused(400),
  lwsruri: refused(400),
  lwsstart: refused(400),
  trws: refused(400),
  escruri: refused(400),
  baddate: answered(405),
  regbadct: answered(400),
  badaspec: refused(400),
  baddn: refused(400),
  badvers: refused(505),
  mismatch01: refused(400),
  mismatch02: refused(400),
  bigcode: silent('dropped'),
  // 3.2 transaction layer
  badbranch: answered(200),
  // 3.3 application layer
  insuf: silent('dropped'),
  unkscm: refused(416),
  novelsc: refused(416),
  unksm2: answered(400),
  bext01: answered(420),
  invut: answered(405),
  regaut01: answered(401),
  multi01: refused(400, 'waits'),
  mcl01: refused(400, 'broken'),
  bcast: silent('response'),
  zeromf: answered(200),
  cparam01: answered(401),
  cparam02: answered(401),
  regescrt: answered(401),
  sdp01: answered(405),
  // 3.4 older clients
  inv2543: { reads: 'request', answer: 405, stream: 'broken' },
}

/** RFC 5118 §4. */
const RFC5118: Record<string, Expected> = {
  'v6-ref': answered(401),
  'v6-noref': refused(400),
  'v6-portamb': answered(404),
  'v6-port': answered(401),
  'v6-rcvdbr': answered(401),
  'v6-rcvd': answered(401),
  'v6-sdp': answered(405),
  'v6-multi': answered(404),
  'v6-sdpmix': answered(405),
  'v6-mapped': answered(405),
  'v6-3colon': refused(400),
}

const OWN = ['registrar.example.com', 'example.net', 'example.org', 'company.com', '[2001:db8::10]']

function read(folder: string, name: string): string {
  return readFileSync(new URL(`../torture/${folder}/${name}.dat`, import.meta.url), 'latin1')
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
    expect(Object.keys(table).sort()).toEqual(files.map((file) => file.replace('.dat', '')).sort())
  })

  test.each(Object.entries(table))('%s', async (name, expected) => {
    const text = read(folder, name)
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
