import { afterEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { issueCa, issueLeaf, type KeyPair } from '../../src/certificates/edge/issue.js'
import { caValidity, leafValidity } from '../../src/certificates/names.js'
import type { TlsSource } from '../../src/provisioning/edge/http-server.js'
import { bytesDelivery, exchange, startWithTable, type Started } from '../support/phone-http.js'
import { FakeClock } from '../support/fake-clock.js'

const TABLE = { '/a.cfg': bytesDelivery('a = 1\n') }
const NAMES = { dns: ['localhost'], addresses: ['127.0.0.1'] }
let started: Started | undefined
afterEach(async () => {
  await started?.server.stop()
  started = undefined
})

class SwitchableTls implements TlsSource {
  #listeners: (() => void)[] = []
  constructor(private pair: KeyPair) {}
  current(): KeyPair {
    return this.pair
  }
  onChange(listener: () => void): () => void {
    this.#listeners.push(listener)
    return () => void (this.#listeners = this.#listeners.filter((other) => other !== listener))
  }
  replace(pair: KeyPair): void {
    this.pair = pair
    for (const listener of this.#listeners) listener()
  }
}

async function newPair(): Promise<{ pair: KeyPair; ca: string }> {
  const now = Date.now()
  const ca = await issueCa(caValidity(now), 'test')
  return { pair: await issueLeaf(NAMES, leafValidity(now, caValidity(now)), ca), ca: ca.cert }
}

async function getSecurely(port: number, ca: string): Promise<number | undefined> {
  const asking = request({ host: '127.0.0.1', port, path: '/a.cfg', ca, agent: new Agent({ maxCachedSessions: 0 }) })
  asking.end()
  const [answer] = (await once(asking, 'response')) as [{ statusCode?: number; resume(): void }]
  answer.resume()
  return answer.statusCode
}

describe('HTTPS', () => {
  test('serves the same handler, tells the pipeline https, asks for no client certificate', async () => {
    const { pair, ca } = await newPair()
    started = await startWithTable(TABLE, { https: { port: 0, certificates: new SwitchableTls(pair) } })
    const { server, pipeline } = started
    expect(await getSecurely(server.httpsPort ?? 0, ca)).toBe(200)
    expect(pipeline.asked[0]).toMatchObject({ transport: 'https', localPort: server.httpsPort })
  })

  test('takes up a new certificate without a restart', async () => {
    const old = await newPair()
    const next = await newPair()
    const certificates = new SwitchableTls(old.pair)
    started = await startWithTable(TABLE, { https: { port: 0, certificates } })
    const port = started.server.httpsPort ?? 0
    certificates.replace(next.pair)
    expect(await getSecurely(port, next.ca)).toBe(200)
    await expect(getSecurely(port, old.ca)).rejects.toThrow()
  })

  test('speaks TLS 1.2 and refuses what is older', async () => {
    const { pair, ca } = await newPair()
    started = await startWithTable(TABLE, { https: { port: 0, certificates: new SwitchableTls(pair) } })
    const port = started.server.httpsPort ?? 0
    const handshake = async (version: 'TLSv1.1' | 'TLSv1.2'): Promise<TLSSocket> => {
      const ciphers = 'DEFAULT:@SECLEVEL=0'
      const socket = connectTls({ host: '127.0.0.1', port, ca, minVersion: version, maxVersion: version, ciphers })
      await once(socket, 'secureConnect')
      return socket
    }
    const socket = await handshake('TLSv1.2')
    expect(socket.getProtocol()).toBe('TLSv1.2')
    socket.destroy()
    await expect(handshake('TLSv1.1')).rejects.toThrow()
  })

  test('a client that speaks HTTP to it, or breaks off, harms nobody', async () => {
    const { pair, ca } = await newPair()
    started = await startWithTable(TABLE, { https: { port: 0, certificates: new SwitchableTls(pair) } })
    const port = started.server.httpsPort ?? 0
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'))
    socket.on('error', () => undefined)
    socket.resume()
    await once(socket, 'close')
    expect(await getSecurely(port, ca)).toBe(200)
  })

  test('a port in use is refused and leaves the HTTP port free', async () => {
    const { pair } = await newPair()
    started = await startWithTable(TABLE)
    const https = { port: started.server.httpPort, certificates: new SwitchableTls(pair) }
    await expect(startWithTable(TABLE, { https })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  })
})

describe('slow clients', () => {
  const limits = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 }

  test.each([
    ['headers', 'GET /a.cfg HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['an upload', 'PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf'],
  ])('one that never ends %s is told 408 and let go', async (_, begun) => {
    started = await startWithTable(TABLE, { limits })
    expect(await exchange(started.server.httpPort, begun)).toMatch(/^HTTP\/1\.1 408 /)
  })
})

describe('stopping', () => {
  async function keptAlive(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('GET /a.cfg HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'data')
    return socket
  }

  test('ends idle connections at once', async () => {
    const { server } = await startWithTable(TABLE)
    const socket = await keptAlive(server.httpPort)
    const closed = once(socket, 'close')
    await server.stop()
    await closed
  })

  test('lets a running transfer finish', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'phoneboot-stop-'))
    try {
      const path = join(folder, 'a.rom')
      const size = 20 * 1024 * 1024
      await writeFile(path, Buffer.alloc(size))
      const lastModified = (await stat(path)).mtimeMs
      const file = { kind: 'file' as const, path, sizeBytes: size, contentType: 'x/y', etag: '"x"', lastModified }
      const { server, pipeline } = await startWithTable({ '/a.rom': file })
      const socket = connect(server.httpPort, '127.0.0.1')
      socket.write('GET /a.rom HTTP/1.1\r\nHost: x\r\n\r\n')
      await once(socket, 'readable')
      const stopped = server.stop()
      let received = 0
      socket.on('data', (chunk: Buffer) => (received += chunk.length))
      await once(socket, 'close')
      await stopped
      expect(received).toBeGreaterThan(size)
      expect(await pipeline.reported(1)).toMatchObject([{ status: 200, bytes: size }])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('ends what still runs after 5 seconds', async () => {
    const clock = new FakeClock()
    const { server, pipeline } = await startWithTable(TABLE, { clock })
    const socket = connect(server.httpPort, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf')
    const closed = once(socket, 'close')
    while (pipeline.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const stopped = server.stop()
    clock.advance(5_000)
    await closed
    await stopped
    expect(await pipeline.reported(1)).toMatchObject([{ outcome: 'failed' }])
    expect(clock.pending).toBe(0)
  })

  test('after it the port is free', async () => {
    const { server } = await startWithTable(TABLE)
    await server.stop()
    const socket = connect(server.httpPort, '127.0.0.1')
    await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
