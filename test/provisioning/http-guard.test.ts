import { afterEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { parseNetworks, NO_NETWORKS } from '../../src/network/trust.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import type { HttpGuard } from '../../src/provisioning/edge/http-guard.js'
import { createPhoneHttp } from '../../src/provisioning/edge/http.js'
import {
  startPhoneHttpServer,
  type PhoneHttpServer,
  type PhoneHttpServerOptions,
} from '../../src/provisioning/edge/http-server.js'
import { bytesDelivery, TablePipeline } from '../support/phone-http.js'
import { eventually } from '../support/server.js'
import { Stranger } from '../support/stranger.js'

let server: PhoneHttpServer | undefined
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server?.stop()
  server = undefined
})

class TestGuard implements HttpGuard {
  readonly banned = new Set<string>()
  readonly told: string[] = []
  proxy = ''
  refuses(address: string): boolean {
    return this.banned.has(address)
  }
  isProxy(address: string): boolean {
    return address === this.proxy
  }
  hostile(address: string, what: string): void {
    this.told.push(`${address} ${what}`)
  }
}

interface Started {
  port: number
  guard: TestGuard
  pipeline: TablePipeline
  server: PhoneHttpServer
}

async function start(options: Partial<PhoneHttpServerOptions> & { proxies?: string } = {}): Promise<Started> {
  const { proxies, ...rest } = options
  const guard = new TestGuard()
  const pipeline = new TablePipeline({ '/a.cfg': bytesDelivery('a = 1\n') })
  const trustedProxies = proxies === undefined ? NO_NETWORKS : parseNetworks(proxies, 'proxies')
  const parts = { guard, clock: systemClock, log: SILENT_LOG }
  server = await startPhoneHttpServer({
    handler: createPhoneHttp({ provisioning: pipeline, trustedProxies, ...parts }),
    provisioning: pipeline,
    ...{ bind: ['127.0.0.1'], httpPort: 0, ...parts, ...rest },
  })
  return { port: server.httpPort, guard, pipeline, server }
}

async function open(port: number, localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.on('error', () => undefined)
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.on('close', resolve))

describe('somebody who is banned', () => {
  test('is cut off before anything is read; others are served', async () => {
    const { port, guard, pipeline } = await start()
    guard.banned.add('127.0.0.2')
    expect(await new Stranger('127.0.0.2').get(port, '/a.cfg')).toBe('')
    expect(await new Stranger('127.0.0.3').get(port, '/a.cfg')).toMatch(/^HTTP\/1.1 200 /)
    expect(pipeline.asked).toHaveLength(1)
  })

  test('gets 429 on a connection from before, and the connection ends', async () => {
    const { port, guard, pipeline } = await start()
    const socket = await open(port, '127.0.0.2')
    socket.setEncoding('latin1')
    socket.write('GET /a.cfg HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 200 /)
    guard.banned.add('127.0.0.2')
    socket.write('GET /a.cfg HTTP/1.1\r\nHost: x\r\n\r\n')
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1.1 429 [^]*Retry-After: 600[^]*Connection: close/)
    await closed(socket)
    expect(pipeline.asked).toHaveLength(1)
  })

  test('behind a proxy gets 429, and the connection of the proxy stays for others', async () => {
    const { port, guard } = await start({ proxies: '127.0.0.2/32' })
    guard.proxy = '127.0.0.2'
    guard.banned.add('192.0.2.7')
    const socket = await open(port, '127.0.0.2')
    socket.setEncoding('latin1')
    const ask = async (client: string): Promise<string> => {
      socket.write(`GET /a.cfg HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${client}\r\n\r\n`)
      return String((await once(socket, 'data'))[0])
    }
    expect(await ask('192.0.2.7')).toMatch(/^HTTP\/1.1 429 [^]*keep-alive/)
    expect(await ask('192.0.2.8')).toMatch(/^HTTP\/1.1 200 /)
  })

  test('loses the connections that were given nothing yet, and only these', async () => {
    const { port, server: running } = await start()
    const silent = await open(port, '127.0.0.2')
    const served = await open(port, '127.0.0.2')
    const other = await open(port, '127.0.0.3')
    served.write('GET /a.cfg HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(served, 'data')
    // The server has taken all three when the last one is answered.
    const gone = closed(silent)
    running.dropUnanswered((address) => address === '127.0.0.2')
    await gone
    expect([served.destroyed, other.destroyed]).toEqual([false, false])
  })
})

describe('what speaks against a client', () => {
  const limits = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 }

  test('a connection that asks nothing is ended and told of', async () => {
    const { port, guard } = await start({ limits })
    await closed((await open(port, '127.0.0.2')).resume())
    expect(guard.told).toEqual(['127.0.0.2 slow'])
  })

  test('headers that trickle in are ended and told of', async () => {
    const { port, guard } = await start({ limits })
    const socket = (await open(port, '127.0.0.2')).resume()
    socket.write('GET /a.cfg HTTP/1.1\r\nX-Slow: ')
    const drip = setInterval(() => socket.write('a'), 20)
    await closed(socket)
    clearInterval(drip)
    expect(guard.told).toEqual(['127.0.0.2 slow'])
  })

  test.each([
    ['headers over 8 KB', `GET / HTTP/1.1\r\nX: ${'a'.repeat(9_000)}\r\n\r\n`, 431, 'malformed'],
    ['what is no HTTP', '\u0016\u0003\u0001 hello\r\n\r\n', 400, 'malformed'],
    ['a method no phone uses', 'PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 501, 'bad-method'],
    [
      'a path without end',
      `GET /${'a'.repeat(3_000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      414,
      'hostile-path',
    ],
  ])('%s', async (_, text, status, what) => {
    const { port, guard } = await start()
    expect(await new Stranger('127.0.0.2').tcp(port, text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(guard.told).toEqual([`127.0.0.2 ${what}`])
  })

  test('what is served, unknown, and a connection that breaks are not told of here', async () => {
    const { port, guard } = await start()
    await new Stranger('127.0.0.2').get(port, '/a.cfg')
    await new Stranger('127.0.0.2').get(port, '/nothing')
    const socket = await open(port, '127.0.0.2')
    socket.resetAndDestroy()
    await new Stranger('127.0.0.2').get(port, '/a.cfg')
    expect(guard.told).toEqual([])
  })
})

describe('many connections', () => {
  test('of one address leave room for others', async () => {
    const { port } = await start({ connectionsPerAddress: 3 })
    const held = [await open(port, '127.0.0.2'), await open(port, '127.0.0.2'), await open(port, '127.0.0.2')]
    const fourth = await open(port, '127.0.0.2')
    await closed(fourth)
    expect(await new Stranger('127.0.0.3').get(port, '/a.cfg')).toMatch(/^HTTP\/1.1 200 /)
    held[0]?.destroy()
    await eventually(async () => expect(await new Stranger('127.0.0.2').get(port, '/a.cfg')).toMatch(/ 200 /))
  })

  test('headers beyond the two thousandth are read: a proxy adds its own last', async () => {
    const { port, pipeline } = await start()
    const many = Array.from({ length: 2_010 }, () => 'a:\r\n').join('')
    const text = `GET /a.cfg HTTP/1.0\r\n${many}Via: x\r\n\r\n`
    expect(text.length).toBeLessThan(8_192)
    expect(await new Stranger('127.0.0.2').tcp(port, text)).toMatch(/ 200 /)
    expect(pipeline.asked[0]).toMatchObject({ peerAddressProven: false })
  })
})
