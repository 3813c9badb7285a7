import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, readlink, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Delivery } from '../../src/provisioning/delivery.js'
import { startWithTable, type Started } from '../support/phone-http.js'

const BIG = 20 * 1024 * 1024
let folder: string
let started: Started

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phoneboot-files-'))
})
afterEach(async () => {
  await started.server.stop()
  await rm(folder, { recursive: true, force: true })
})

async function fileOf(name: string, body: Uint8Array): Promise<Extract<Delivery, { kind: 'file' }>> {
  const path = join(folder, name)
  await writeFile(path, body)
  const { mtimeMs } = await stat(path)
  return {
    kind: 'file',
    path,
    sizeBytes: body.length,
    contentType: 'application/octet-stream',
    etag: `"${name}"`,
    lastModified: mtimeMs - (mtimeMs % 1000),
  }
}

async function start(table: Record<string, Delivery>): Promise<Started> {
  started = await startWithTable(table)
  return started
}

async function ask(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ answer: IncomingMessage; body: Buffer }> {
  const asking = request(`${started.base}${path}`, { method, headers, agent: false })
  asking.end()
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  const parts: Buffer[] = []
  for await (const part of answer) parts.push(part as Buffer)
  return { answer, body: Buffer.concat(parts) }
}

/** Files below the test's folder that this process holds open. */
async function heldOpen(): Promise<string[]> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  )
  return links.filter((link) => link.startsWith(folder))
}

describe('firmware over HTTP', () => {
  test('is streamed with Content-Length, ETag and Accept-Ranges', async () => {
    const body = Buffer.alloc(300_000, 'firmware')
    const file = await fileOf('a.rom', body)
    const { pipeline } = await start({ '/a.rom': file })
    const { answer, body: got } = await ask('/a.rom')
    expect(got.equals(body)).toBe(true)
    expect(answer.statusCode).toBe(200)
    expect(answer.headers).toMatchObject({
      'content-length': '300000',
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      etag: '"a.rom"',
    })
    expect(answer.headers['transfer-encoding']).toBeUndefined()
    expect((await pipeline.reported(1))[0]).toMatchObject({ status: 200, bytes: 300_000 })
    expect(await heldOpen()).toEqual([])
  })

  test.each([0, 1, 511, 512, 513])('%i bytes arrive whole', async (size) => {
    const body = Buffer.alloc(size, 'x')
    await start({ '/a.rom': await fileOf('a.rom', body) })
    const { answer, body: got } = await ask('/a.rom')
    expect(answer.headers['content-length']).toBe(String(size))
    expect(got.equals(body)).toBe(true)
  })

  test('any part is the slice of the file, and the whole is told beside it', async () => {
    const body = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251))
    await start({ '/a.rom': await fileOf('a.rom', body) })
    const place = fc.nat({ max: 1100 })
    await fc.assert(
      fc.asyncProperty(place, place, async (first, last) => {
        const { answer, body: got } = await ask('/a.rom', { Range: `bytes=${first}-${last}` })
        if (last < first) expect(answer.statusCode).toBe(200)
        else if (first >= 1000) {
          expect(answer.statusCode).toBe(416)
          expect(answer.headers['content-range']).toBe('bytes */1000')
        } else {
          expect(answer.statusCode).toBe(206)
          expect(answer.headers['content-range']).toBe(`bytes ${first}-${Math.min(last, 999)}/1000`)
          expect(got.equals(body.subarray(first, last + 1))).toBe(true)
          expect(answer.headers['content-length']).toBe(String(got.length))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('If-Range sends the part of the same image and the whole of another', async () => {
    const { pipeline } = await start({ '/a.rom': await fileOf('a.rom', Buffer.alloc(1000)) })
    const range = { Range: 'bytes=500-' }
    expect((await ask('/a.rom', { ...range, 'If-Range': '"a.rom"' })).answer.statusCode).toBe(206)
    expect((await ask('/a.rom', { ...range, 'If-Range': '"b.rom"' })).answer.statusCode).toBe(200)
    const reported = await pipeline.reported(2)
    expect(reported.map(({ outcome, bytes }) => ({ outcome, bytes }))).toEqual([
      { outcome: 'partial', bytes: 500 },
      { outcome: undefined, bytes: 1000 },
    ])
  })

  test('HEAD tells the whole size, also with a Range, and opens nothing', async () => {
    await start({ '/a.rom': { ...(await fileOf('a.rom', Buffer.alloc(1000))), path: join(folder, 'gone') } })
    const { answer, body } = await ask('/a.rom', { Range: 'bytes=0-1' }, 'HEAD')
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-length']).toBe('1000')
    expect(body).toHaveLength(0)
  })

  test('304 for a known ETag', async () => {
    await start({ '/a.rom': await fileOf('a.rom', Buffer.alloc(1000)) })
    expect((await ask('/a.rom', { 'If-None-Match': '"a.rom"' })).answer.statusCode).toBe(304)
  })

  test('a file that is gone, changed or became a link is 503 and reported as failed', async () => {
    const gone = { ...(await fileOf('gone.rom', Buffer.alloc(10))), path: join(folder, 'nothing') }
    const grown = await fileOf('grown.rom', Buffer.alloc(10))
    await appendFile(grown.path, 'more')
    const linked = await fileOf('target.rom', Buffer.alloc(10))
    await symlink(linked.path, join(folder, 'link.rom'))
    const touched = { ...(await fileOf('touched.rom', Buffer.alloc(10))), lastModified: 1 }
    const { pipeline } = await start({
      '/1': gone,
      '/2': grown,
      '/3': { ...linked, path: join(folder, 'link.rom') },
      '/4': touched,
    })
    for (const path of ['/1', '/2', '/3', '/4']) expect((await ask(path)).answer.statusCode).toBe(503)
    for (const { outcome, status } of await pipeline.reported(4)) {
      expect({ outcome, status }).toEqual({ outcome: 'failed', status: 503 })
    }
    expect(await heldOpen()).toEqual([])
  })

  test('a phone that stops reading holds a few chunks in memory, not the image', async () => {
    await start({ '/a.rom': await fileOf('a.rom', Buffer.alloc(BIG)) })
    const before = process.memoryUsage().arrayBuffers
    const sockets = await Promise.all(Array.from({ length: 10 }, () => stalled('/a.rom')))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(BIG)
    for (const socket of sockets) socket.destroy()
    await started.pipeline.reported(10)
  })

  test('a phone that vanishes frees the file, and the event says failed with the bytes that went out', async () => {
    const { pipeline } = await start({ '/a.rom': await fileOf('a.rom', Buffer.alloc(BIG)) })
    const socket = await stalled('/a.rom')
    expect(await heldOpen()).toHaveLength(1)
    socket.destroy()
    const [finished] = await pipeline.reported(1)
    expect(finished).toMatchObject({ status: 200, outcome: 'failed' })
    expect(finished?.bytes).toBeGreaterThan(0)
    expect(finished?.bytes).toBeLessThan(BIG)
    expect(await freed()).toEqual([])
  })

  test('a file cut short while it is sent ends the connection instead of hanging', async () => {
    const file = await fileOf('a.rom', Buffer.alloc(BIG))
    const { pipeline } = await start({ '/a.rom': file })
    const socket = await stalled('/a.rom')
    await truncate(file.path, 1000)
    socket.resume()
    await once(socket, 'close')
    expect((await pipeline.reported(1))[0]).toMatchObject({ outcome: 'failed' })
  })
})

/** Asks for a file and reads nothing but the first bytes. */
async function stalled(path: string): Promise<ReturnType<typeof connect>> {
  const socket = connect(started.server.httpPort, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await once(socket, 'readable')
  return socket
}

/** The operating system's view lags behind the event by the closing of the file in the background. */
async function freed(): Promise<string[]> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await heldOpen()).length === 0) return []
  }
  return heldOpen()
}
