import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { issueCa, issueLeaf } from '../../src/certificates/edge/issue.js'
import { caValidity, leafValidity } from '../../src/certificates/names.js'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { NO_NETWORKS } from '../../src/network/trust.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import type { Delivery } from '../../src/provisioning/delivery.js'
import { createPhoneHttp } from '../../src/provisioning/edge/http.js'
import type { HttpGuard } from '../../src/provisioning/edge/http-guard.js'
import {
  startPhoneHttpServer,
  type PhoneHttpServer,
  type PhoneHttpServerOptions,
} from '../../src/provisioning/edge/http-server.js'
import { readPlainGet } from '../../src/provisioning/plain-get.js'
import { bytesDelivery, TablePipeline } from '../support/phone-http.js'

const BIG = bytesDelivery('b'.repeat(300_000))
/** More than what the operating system takes for a client that does not read. */
const HUGE_BYTES = 32 * 1024 * 1024
const TABLE: Record<string, Delivery> = {
  '/huge.cfg': bytesDelivery('h'.repeat(HUGE_BYTES)),
  '/a.cfg': bytesDelivery('a = 1\n'),
  '/empty.cfg': bytesDelivery(''),
  '/big.cfg': BIG,
  '/busy.cfg': { kind: 'unavailable' },
  '/gone.rom': {
    ...{ kind: 'file', path: '/nonexistent/gone.rom', sizeBytes: 10, contentType: 'x/y', etag: '"f"' },
    lastModified: Date.UTC(2026, 0, 1),
  },
}

/** A server that tells which of its two readers has answered. */
interface Watched {
  server: PhoneHttpServer
  plain: TablePipeline
  full: TablePipeline
}

const running: PhoneHttpServer[] = []

async function start(usesPlain: boolean, options: Partial<PhoneHttpServerOptions> = {}): Promise<Watched> {
  const plain = new TablePipeline(TABLE)
  const full = new TablePipeline(TABLE)
  const parts = { clock: systemClock, log: SILENT_LOG, ...(options.guard ? { guard: options.guard } : {}) }
  const server = await startPhoneHttpServer({
    handler: createPhoneHttp({ provisioning: full, trustedProxies: NO_NETWORKS, ...parts }),
    ...(usesPlain ? { provisioning: plain } : {}),
    ...{ bind: ['127.0.0.1'], httpPort: 0, ...parts, ...options },
  })
  return { server, plain, full }
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

async function startHere(options: Partial<PhoneHttpServerOptions> = {}): Promise<Watched> {
  const watched = await start(true, options)
  running.push(watched.server)
  return watched
}

const GET = 'GET /a.cfg HTTP/1.1\r\nHost: x\r\n\r\n'
/** The connection ends with its answer. */
const LAST = 'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

const twoTurns = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

/**
 * Sends the pieces one after the other and gives all that comes back until the server ends the connection.
 * @param answered each piece is answered: the next one waits for that. Else the other end has most likely read it after
 *   two turns of the event loop, and what it answers must not depend on it.
 */
async function tell(socket: Socket, pieces: readonly string[], answered: boolean): Promise<string> {
  let received = ''
  let ended = false
  let heard = (): void => undefined
  const over = (): void => {
    ended = true
    heard()
  }
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text
    heard()
  })
  socket
    .on('error', over)
    .on('close', over)
    .on('end', () => {
      over()
      socket.end()
    })
  const closed = once(socket, 'close')
  for (const piece of pieces) {
    if (ended) break
    const next = answered ? new Promise<void>((resolve) => (heard = resolve)) : undefined
    socket.write(piece, 'latin1')
    await (next ?? twoTurns())
  }
  await closed
  return received.replace(/^Date: .*\r\n/gm, 'Date\r\n')
}

const ask = (port: number, pieces: readonly string[], answered = true): Promise<string> =>
  tell(connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }), pieces, answered)

/** What both readers told the pipeline, but for times and ports. */
function story({ plain, full }: Watched): unknown[][] {
  const asked = [...plain.asked, ...full.asked].map(({ path, userAgent, peerAddressProven, operation, transport }) => ({
    ...{ path, userAgent, peerAddressProven, operation, transport },
  }))
  const finished = [...plain.finished, ...full.finished].map(({ micros, ...rest }) => ({
    ...rest,
    tookTime: micros > 0,
  }))
  return [asked, finished]
}

const targets = fc.constantFrom(
  '/a.cfg',
  '/a.cfg?x=1',
  '/empty.cfg',
  '/nothing',
  '/busy.cfg',
  '/gone.rom',
  '/%61.cfg',
  '/',
)
const versions = fc.oneof(
  { weight: 6, arbitrary: fc.constant('HTTP/1.1') },
  { weight: 2, arbitrary: fc.constant('HTTP/1.0') },
  { weight: 1, arbitrary: fc.constantFrom('HTTP/1.2', 'http/1.1', 'HTTP/2.0', '') },
)
const headerLines = fc.constantFrom(
  ...['User-Agent: Yealink SIP-T28P 2.73.0.50', 'user-agent:', 'Accept: */*', 'Accept:*/*', 'ACCEPT:  a '],
  ...['Connection: keep-alive', 'Connection: Close', 'Connection: upgrade', 'Proxy-Connection: close', 'Cookie: a'],
  ...[
    'If-None-Match: "abc"',
    'If-None-Match: W/"abc", "x"',
    'If-None-Match: *',
    'If-None-Match: "other"',
    'If-Match: "x"',
  ],
  ...['If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT', 'If-Modified-Since: Thu, 01 Jan 2026 03:04:05 GMT'],
  ...['If-Modified-Since: nonsense', 'Range: bytes=0-1', 'If-Unmodified-Since: Thu, 01 Jan 2026 03:04:05 GMT'],
  ...[
    'X-Forwarded-For: 192.0.2.1',
    'Via: 1.1 x',
    'Content-Length: 0',
    'Expect: 100-continue',
    'TE: chunked',
    'X-Own: y',
  ],
  ...['Accept: a\tb', 'Accept: \u00e4', 'Bad Name: x', 'Bad', ' folded', 'Host: again', 'Authorization: Basic eDp5'],
)
const requests = fc
  .record({
    method: fc.oneof(
      { weight: 9, arbitrary: fc.constant('GET') },
      { weight: 1, arbitrary: fc.constantFrom('HEAD', 'PROPFIND', 'get') },
    ),
    target: targets,
    version: versions,
    host: fc.oneof({ weight: 9, arbitrary: fc.constant(['Host: x']) }, { weight: 1, arbitrary: fc.constant([]) }),
    headers: fc.oneof(
      { weight: 2, arbitrary: fc.uniqueArray(headerLines, { maxLength: 2 }) },
      { weight: 1, arbitrary: fc.array(headerLines, { maxLength: 4 }) },
    ),
  })
  .map(({ method, target, version, host, headers }) =>
    [`${method} ${target} ${version}`, ...host, ...headers, '', ''].join('\r\n'),
  )

describe('the reader of plain GETs', () => {
  let plain: Watched
  let full: Watched
  beforeAll(async () => {
    plain = await start(true)
    full = await start(false)
  })
  afterAll(async () => {
    await Promise.all([plain.server.stop(), full.server.stop()])
  })

  test('gives the bytes that node:http gives, and tells the pipeline the same', async () => {
    const property = fc.asyncProperty(
      fc.array(requests, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      async (all, atOnce) => {
        for (const { plain: a, full: b } of [plain, full]) {
          for (const list of [a.asked, a.finished, b.asked, b.finished]) list.splice(0)
        }
        const pieces = atOnce ? [all.join('') + LAST] : [...all, LAST]
        const answers = await Promise.all([plain, full].map(({ server }) => ask(server.httpPort, pieces)))
        expect(answers[0]).toBe(answers[1])
        for (const { full: reader } of [plain, full]) await reader.reported(reader.asked.length)
        const [asked, finished] = story(plain)
        const [expectedAsked, expectedFinished] = story(full)
        expect(finished).toEqual(expectedFinished)
        // What node:http has to send after all is asked twice.
        const answeredByPlain = plain.plain.finished.length
        const read = asked ?? []
        expect([...read.slice(0, answeredByPlain), ...read.slice(plain.plain.asked.length)]).toEqual(expectedAsked)
      },
    )
    await fc.assert(property, { numRuns: 400 })
  })

  test('answers what is plain by itself', async () => {
    for (const path of ['/a.cfg', '/empty.cfg', '/nothing', '/big.cfg']) {
      const text = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
      expect(readPlainGet(text)).toBeDefined()
      const before = [plain.plain.finished.length, plain.full.asked.length]
      const answer = await ask(plain.server.httpPort, [text])
      expect(answer).toBe(await ask(full.server.httpPort, [text]))
      expect([plain.plain.finished.length, plain.full.asked.length]).toEqual([(before[0] ?? 0) + 1, before[1]])
    }
  })

  test('gives the same answers wherever two requests are cut in two', async () => {
    const text = `GET /a.cfg HTTP/1.1\r\nHost: x\r\nIf-None-Match: "abc"\r\n\r\n${LAST}`
    const whole = await ask(full.server.httpPort, [text])
    expect(whole).toMatch(/^HTTP\/1\.1 304 [^]*HTTP\/1\.1 404 /)
    for (let cut = 1; cut < text.length; cut += 1) {
      const answer = await ask(plain.server.httpPort, [text.slice(0, cut), text.slice(cut)], false)
      expect({ cut, answer }).toEqual({ cut, answer: whole })
    }
  })
})

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

async function tlsOptions(): Promise<{ https: NonNullable<PhoneHttpServerOptions['https']>; ca: { cert: string } }> {
  const now = Date.now()
  const ca = await issueCa(caValidity(now), 'test')
  const pair = await issueLeaf({ dns: [], addresses: ['127.0.0.1'] }, leafValidity(now, caValidity(now)), ca)
  return { https: { port: 0, certificates: { current: () => pair, onChange: () => () => undefined } }, ca }
}

/** Asks for more than is taken, and does not read it. */
async function askUnread(port: number, plain: TablePipeline): Promise<Socket> {
  const socket = await open(port)
  socket.pause()
  socket.write('GET /huge.cfg HTTP/1.1\r\nHost: x\r\n\r\n')
  while (!plain.asked.some(({ path }) => path === '/huge.cfg')) await twoTurns()
  return socket
}

describe('a connection of plain GETs', () => {
  test('is ended after its thousandth request, which says so', async () => {
    const { server, plain } = await startHere()
    const socket = await open(server.httpPort)
    let last = ''
    const closed = once(socket, 'close')
    socket.setEncoding('latin1').on('data', (text: string) => {
      last = text
      if (text.includes('keep-alive')) socket.write(GET)
    })
    socket.write(GET)
    await closed
    expect(last).toMatch(/\r\nConnection: close\r\n/)
    expect(plain.finished).toHaveLength(1_000)
  })

  test('is ended when it was idle for the time that was told, and that is no offence', async () => {
    const told: string[] = []
    const guard: HttpGuard = { refuses: () => false, isProxy: () => false, hostile: (_, what) => void told.push(what) }
    // Long enough for a busy machine to hand over nothing that is only late.
    const limits = { keepAliveTimeout: 60, headersTimeout: 600, connectionsCheckingInterval: 300 }
    const { server, plain } = await startHere({ guard, limits })
    const socket = await open(server.httpPort)
    const closed = once(socket, 'close')
    socket.write(GET)
    const began = performance.now()
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/ 200 OK/)
    await closed
    expect(performance.now() - began).toBeGreaterThan(50)
    expect(told).toEqual([])
    expect(plain.finished).toHaveLength(1)
  })

  test('goes on as long as it is used, however old it is', async () => {
    const limits = { keepAliveTimeout: 2_000, connectionsCheckingInterval: 50 }
    const { server, plain } = await startHere({ limits })
    const socket = await open(server.httpPort)
    let isClosed = false
    socket.on('close', () => (isClosed = true))
    const began = performance.now()
    while (performance.now() - began < 4_200 && !isClosed) {
      const answered = Promise.race([once(socket, 'data'), once(socket, 'close')])
      socket.write(GET)
      await answered
      // Far from the thousand requests after which it is ended.
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(isClosed).toBe(false)
    expect(plain.finished.length).toBeGreaterThan(10)
    socket.destroy()
  })

  test('of a client that does not read is not read from either, until it does', async () => {
    const { server, plain, full } = await startHere()
    const socket = await askUnread(server.httpPort, plain)
    socket.write(GET)
    for (let turn = 0; turn < 50; turn += 1) await twoTurns()
    expect([plain.asked.length, plain.finished.length]).toEqual([1, 0])
    socket.resume()
    await plain.reported(2)
    expect(plain.finished.map(({ status, bytes, outcome }) => [status, bytes, outcome])).toEqual([
      [200, HUGE_BYTES, undefined],
      [200, 6, undefined],
    ])
    expect(full.asked).toEqual([])
    socket.destroy()
  })

  test('that breaks off while its answer is on the way is told as failed', async () => {
    const { server, plain } = await startHere()
    const socket = await askUnread(server.httpPort, plain)
    socket.resetAndDestroy()
    expect(await plain.reported(1)).toMatchObject([{ status: 200, outcome: 'failed' }])
  })

  test('ends with the server, after the answer that is on its way', async () => {
    const { server, plain } = await startHere()
    const idle = await open(server.httpPort)
    idle.write(GET)
    await once(idle, 'data')
    const socket = await askUnread(server.httpPort, plain)
    const idleClosed = once(idle, 'close')
    const stopped = server.stop()
    await idleClosed
    let received = 0
    socket.on('data', (chunk: Buffer) => (received += chunk.length)).resume()
    await once(socket, 'close')
    await stopped
    expect(received).toBeGreaterThan(HUGE_BYTES)
    expect(plain.finished.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  })

  test('goes on with node:http when something else comes, and keeps what it was answered', async () => {
    const { server, plain, full } = await startHere()
    const put = 'PUT /log HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc'
    const answer = await ask(server.httpPort, [GET, put, LAST])
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 405', 'HTTP/1.1 404'])
    expect([plain.finished.length, full.finished.length]).toEqual([1, 2])
  })

  test('over TLS is not begun with somebody who is banned', async () => {
    const { https } = await tlsOptions()
    const guard: HttpGuard = { refuses: () => true, isProxy: () => false, hostile: () => undefined }
    const { server } = await startHere({ https, guard })
    for (const port of [server.httpsPort ?? 0, server.httpPort]) {
      const socket = await open(port)
      socket.resume()
      await once(socket, 'close')
      expect(socket.bytesRead).toBe(0)
    }
  })

  test('over TLS is read in the same way', async () => {
    const { https, ca } = await tlsOptions()
    const { server, plain, full } = await startHere({ https })
    const port = server.httpsPort ?? 0
    const secure = async (): Promise<Socket> => {
      const socket = connectTls({ host: '127.0.0.1', port, ca: ca.cert })
      await once(socket, 'secureConnect')
      return socket
    }
    const big = 'GET /big.cfg HTTP/1.1\r\nHost: x\r\n\r\n'
    const answer = await tell(await secure(), [GET, big, LAST], false)
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toHaveLength(3)
    expect(answer.length).toBeGreaterThan(300_000)
    expect([plain.finished.length, full.finished.length]).toEqual([3, 0])
    expect(plain.asked[0]).toMatchObject({ transport: 'https', localPort: port })
    expect(await tell(await secure(), [GET + LAST], true)).toMatch(/^HTTP\/1\.1 200 [^]*HTTP\/1\.1 404 /)
    expect(full.finished).toHaveLength(2)
  })
})
