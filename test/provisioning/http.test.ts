import { afterEach, describe, expect, test } from '@jest/globals'
import { parseNetworks } from '../../src/network/trust.js'
import { MAX_DRAINED_BYTES } from '../../src/provisioning/edge/http-body.js'
import { bytesDelivery, exchange, startWithTable, type Started } from '../support/phone-http.js'

const CONFIG = '#!version:1.0.0.1\naccount.1.enable = 1\n'
let started: Started | undefined
afterEach(async () => {
  await started?.server.stop()
  started = undefined
})

async function start(options: Parameters<typeof startWithTable>[1] = {}): Promise<Started> {
  const table = { '/001565aabbcc.cfg': bytesDelivery(CONFIG), '/busy.cfg': { kind: 'unavailable' as const } }
  started = await startWithTable(table, options)
  return started
}

function request(line: string, headers: string[] = [], body = ''): string {
  return [line, 'Host: phones', ...headers, 'Connection: close', '', body].join('\r\n')
}

const withoutDate = (answer: string): string => answer.replace(/^Date: .*\r\n/m, '')

describe('a config over HTTP', () => {
  test('is answered with exactly these headers, Content-Length and no chunks', async () => {
    const { server } = await start()
    const answer = await exchange(server.httpPort, request('GET /001565aabbcc.cfg HTTP/1.1'))
    expect(withoutDate(answer)).toBe(
      [
        'HTTP/1.1 200 OK',
        'ETag: "abc"',
        'Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT',
        'Cache-Control: no-store',
        'Content-Type: text/plain; charset=utf-8',
        `Content-Length: ${CONFIG.length}`,
        'Connection: close',
        '',
        CONFIG,
      ].join('\r\n'),
    )
  })

  test('HEAD gives the same headers and no body', async () => {
    const { server, pipeline } = await start()
    const get = await exchange(server.httpPort, request('GET /001565aabbcc.cfg HTTP/1.1'))
    const head = await exchange(server.httpPort, request('HEAD /001565aabbcc.cfg HTTP/1.1'))
    expect(withoutDate(head)).toBe(withoutDate(get).slice(0, -CONFIG.length))
    expect((await pipeline.reported(2))[1]).toMatchObject({ status: 200, bytes: 0 })
  })

  test.each(['If-None-Match: "abc"', 'If-None-Match: W/"abc"', 'If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT'])(
    '%s is 304 without a body',
    async (header) => {
      const { server, pipeline } = await start()
      const answer = await exchange(server.httpPort, request('GET /001565aabbcc.cfg HTTP/1.1', [header]))
      expect(answer).toMatch(/^HTTP\/1\.1 304 /)
      expect(answer).toContain('ETag: "abc"\r\n')
      expect(answer).toMatch(/\r\n\r\n$/)
      expect((await pipeline.reported(1))[0]).toMatchObject({ status: 304, bytes: 0, outcome: 'not-modified' })
    },
  )

  test('is never sent in parts', async () => {
    const { server } = await start()
    const answer = await exchange(server.httpPort, request('GET /001565aabbcc.cfg HTTP/1.1', ['Range: bytes=0-1']))
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).not.toContain('Accept-Ranges')
  })

  test('tells the pipeline path, peer and local end as they are, and the event what went out', async () => {
    const { server, pipeline } = await start()
    const line = 'GET /%30%30x/..%2f?a=b?c HTTP/1.1'
    await exchange(server.httpPort, request(line, ['User-Agent: Yealink SIP-T28P 2.73.0.50']))
    expect(pipeline.asked).toHaveLength(1)
    expect(pipeline.asked[0]).toMatchObject({
      transport: 'http',
      operation: 'read',
      path: '/%30%30x/..%2f',
      userAgent: 'Yealink SIP-T28P 2.73.0.50',
      peerAddress: '127.0.0.1',
      peerAddressProven: true,
      localAddress: '127.0.0.1',
      localPort: server.httpPort,
    })
    const [finished] = await pipeline.reported(1)
    expect(finished).toMatchObject({ status: 404, bytes: 10 })
    expect(finished?.micros).toBeGreaterThan(0)
    expect(finished).not.toHaveProperty('outcome')
  })

  test('[RFC9112-3.2.2] the absolute form of a proxy loses scheme and host', async () => {
    const { server, pipeline } = await start()
    await exchange(server.httpPort, request('GET http://elsewhere:99/001565aabbcc.cfg?x HTTP/1.1'))
    await exchange(server.httpPort, request('GET http://elsewhere HTTP/1.1'))
    expect(pipeline.asked.map(({ path }) => path)).toEqual(['/001565aabbcc.cfg', '/'])
  })
})

describe('old clients', () => {
  test('HTTP/1.0 without Host is answered with Content-Length and the connection ends', async () => {
    const { server } = await start()
    const answer = await exchange(server.httpPort, 'GET /001565aabbcc.cfg HTTP/1.0\r\n\r\n')
    expect(answer).toContain(`Content-Length: ${CONFIG.length}\r\n`)
    expect(answer).toContain('Connection: close\r\n')
    expect(answer).not.toContain('Transfer-Encoding')
    expect(answer.endsWith(CONFIG)).toBe(true)
  })

  test('HTTP/1.0 with keep-alive may ask again on the same connection', async () => {
    const { server } = await start()
    const first = 'GET /001565aabbcc.cfg HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'
    const answer = await exchange(server.httpPort, `${first}GET /nothing HTTP/1.0\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*Connection: keep-alive[^]*HTTP\/1\.1 404 Not Found/)
  })

  test('several requests sent at once are answered in order', async () => {
    const { server, pipeline } = await start()
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
    const all = get('/001565aabbcc.cfg') + get('/a') + get('/busy.cfg') + request('GET /001565aabbcc.cfg HTTP/1.1')
    const answer = await exchange(server.httpPort, all)
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['200', '404', '503', '200'].map((code) => `HTTP/1.1 ${code}`))
    await pipeline.reported(4)
  })
})

describe('refusals', () => {
  test('what is absent is answered with the same bytes, whatever was asked', async () => {
    const { server } = await start()
    const answers = new Set<string>()
    for (const path of [
      '/',
      '/x',
      '/001565ffffff.cfg',
      '/../../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/a?b',
      '//',
    ]) {
      answers.add(withoutDate(await exchange(server.httpPort, request(`GET ${path} HTTP/1.1`))))
    }
    expect([...answers]).toEqual([
      'HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 10\r\n' +
        'Cache-Control: no-store\r\nConnection: close\r\n\r\nNot Found\n',
    ])
  })

  test('503 names when to ask again', async () => {
    const { server } = await start()
    const answer = await exchange(server.httpPort, request('GET /busy.cfg HTTP/1.1'))
    expect(answer).toMatch(/^HTTP\/1\.1 503 /)
    expect(answer).toMatch(/\r\nRetry-After: \d+\r\n/)
  })

  test.each(['PUT', 'POST', 'PATCH', 'DELETE'])('%s is read, thrown away and refused with 405', async (method) => {
    const { server, pipeline } = await start()
    const upload = request(`${method} /001565aabbcc-local.cfg HTTP/1.1`, ['Content-Length: 5000'], 'x'.repeat(5000))
    const answer = await exchange(server.httpPort, upload)
    expect(answer).toMatch(/^HTTP\/1\.1 405 /)
    expect(answer).toContain('Allow: GET, HEAD\r\n')
    expect(pipeline.asked[0]?.operation).toBe('write')
    expect((await pipeline.reported(1))[0]).toMatchObject({ status: 405 })
  })

  test('a connection lives on after a small upload', async () => {
    const { server } = await start()
    const put = 'PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc'
    const answer = await exchange(server.httpPort, put + request('GET /001565aabbcc.cfg HTTP/1.1'))
    expect(answer).toMatch(/^HTTP\/1\.1 405 [^]*HTTP\/1\.1 200 OK/)
  })

  test('a chunked upload without end is refused after the limit and the connection ends', async () => {
    const { server } = await start()
    const chunk = `${(64 * 1024).toString(16)}\r\n${'x'.repeat(64 * 1024)}\r\n`
    const head = 'POST /log HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
    const answer = await exchange(server.httpPort, head + chunk.repeat(MAX_DRAINED_BYTES / 65536 + 1))
    expect(answer).toMatch(/^HTTP\/1\.1 405 [^]*Connection: close/)
  })

  test('an upload announced as too large, or waiting for 100 Continue, is refused at once', async () => {
    const { server } = await start()
    const announced = ['Content-Length: 99999999', 'Expect: 100-continue']
    expect(await exchange(server.httpPort, request('PUT /log HTTP/1.1', announced))).toMatch(/^HTTP\/1\.1 405 /)
    expect(await exchange(server.httpPort, request('PUT /log HTTP/1.1', ['Content-Length: 99999999']))).toMatch(
      /^HTTP\/1\.1 405 [^]*Connection: close/,
    )
  })

  test('a GET with a body is answered and the connection ends, so that the body is no second request', async () => {
    const { server, pipeline } = await start()
    const body = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
    const text = `GET /001565aabbcc.cfg HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const answer = await exchange(server.httpPort, text)
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200'])
    expect(pipeline.asked.map(({ path }) => path)).toEqual(['/001565aabbcc.cfg'])
  })

  test.each([
    ['OPTIONS / HTTP/1.1', '405'],
    ['TRACE / HTTP/1.1', '405'],
    ['PROPFIND / HTTP/1.1', '501'],
    ['MKCOL /x HTTP/1.1', '501'],
    [`GET /${'a'.repeat(3000)} HTTP/1.1`, '414'],
    [`GET /${'a'.repeat(20_000)} HTTP/1.1`, '431'],
    ['NONSENSE / HTTP/1.1', '400'],
  ])('%.30s is %s and no business of the pipeline', async (line, status) => {
    const { server, pipeline } = await start()
    expect(await exchange(server.httpPort, request(line))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(pipeline.asked).toEqual([])
  })

  test('too long a header is 431', async () => {
    const { server } = await start()
    const answer = await exchange(server.httpPort, request('GET / HTTP/1.1', [`User-Agent: ${'x'.repeat(9000)}`]))
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })
})

describe('forwarded requests', () => {
  test.each([
    'X-Forwarded-For: 192.168.1.9',
    'Forwarded: for=192.168.1.9',
    'X-Real-IP: 192.168.1.9',
    'Via: 1.1 proxy',
    'X-Forwarded-Proto: https',
  ])('%s from an address that is no trusted proxy proves nothing', async (header) => {
    const { server, pipeline } = await start()
    await exchange(server.httpPort, request('GET /a HTTP/1.1', [header]))
    expect(pipeline.asked[0]).toMatchObject({ peerAddress: '127.0.0.1', peerAddressProven: false, transport: 'http' })
  })

  test('through a trusted proxy the peer is the last address it vouches for', async () => {
    const { server, pipeline } = await start({ proxies: parseNetworks('127.0.0.1', 'X') })
    const headers = ['X-Forwarded-For: 192.168.1.9', 'X-Forwarded-For: 203.0.113.9']
    await exchange(server.httpPort, request('GET /a HTTP/1.1', headers))
    expect(pipeline.asked[0]).toMatchObject({ peerAddress: '203.0.113.9', peerAddressProven: true })
  })

  test('a Host header changes nothing', async () => {
    const { server, pipeline } = await start()
    await exchange(server.httpPort, 'GET /a HTTP/1.1\r\nHost: evil:1\r\nConnection: close\r\n\r\n')
    expect(pipeline.asked[0]).toMatchObject({ localAddress: '127.0.0.1', localPort: server.httpPort })
  })
})
