import { afterEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Endpoint } from '../../../src/network/udp.js'
import { openTftpServer, type TftpServer, type TftpServerOptions } from '../../../src/tftp/edge/server.js'
import type { TftpContent, TftpFinished, TftpRequest } from '../../../src/tftp/handler.js'
import type { Packet } from '../../../src/tftp/packet.js'
import { fetchByTftp } from '../../../src/simulator/edge/tftp-client.js'
import { FakeClock } from '../../support/fake-clock.js'
import { recordingLog } from '../../support/recording-log.js'
import { RawClient } from './raw-client.js'

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo()
})

const text = (content: string): TftpContent => ({ kind: 'bytes', bytes: Buffer.from(content) })
const absent: TftpContent = { kind: 'error', code: 1, message: 'File not found' }

interface Rig {
  server: TftpServer
  at: Endpoint
  requests: TftpRequest[]
  finished: TftpFinished[]
  /** Resolves when this many requests have ended. */
  ended(count: number): Promise<void>
}

async function serve(
  content: (request: TftpRequest) => TftpContent | Promise<TftpContent>,
  options: Partial<TftpServerOptions> = {},
): Promise<Rig> {
  const requests: TftpRequest[] = []
  const finished: TftpFinished[] = []
  let check: () => void = () => undefined
  const server = await openTftpServer({
    port: 0,
    bind: ['127.0.0.1'],
    log: recordingLog(),
    handle: async (request) => {
      requests.push(request)
      const onFinished = (end: TftpFinished): void => {
        finished.push(end)
        check()
      }
      return { ...(await content(request)), onFinished }
    },
    ...options,
  })
  cleanUp.push(() => server.stop(0))
  const ended = (count: number): Promise<void> =>
    new Promise((resolve) => {
      check = () => finished.length >= count && resolve()
      check()
    })
  return { server, at: { address: '127.0.0.1', port: server.port }, requests, finished, ended }
}

async function client(address?: string, port?: number): Promise<RawClient> {
  const raw = await RawClient.open(address, port)
  cleanUp.push(() => raw.close())
  return raw
}

/** Lets everything that is on its way on loopback arrive: a round trip to the server's port. Returns what else came. */
async function settled(raw: RawClient, at: Endpoint): Promise<Packet[]> {
  await raw.send({ kind: 'write', fileName: 'settle', mode: 'octet', options: [] }, at)
  const others: Packet[] = []
  for (;;) {
    const { packet } = await raw.next()
    if (packet.kind === 'error' && packet.code === 2) return others
    others.push(packet)
  }
}

describe('TFTP server', () => {
  test('a file comes from a port of its own, on the address that was asked', async () => {
    const { at, requests, finished, ended } = await serve(() => text('hello'))
    const phone = await client('127.0.1.7')
    await phone.ask('001565aabbcc.cfg', at)
    const { packet, from } = await phone.next()
    expect(packet).toEqual({ kind: 'data', block: 1, data: Buffer.from('hello') })
    expect(from.address).toBe('127.0.0.1')
    expect(from.port).not.toBe(at.port)
    await phone.ack(1, from)
    await ended(1)
    expect(finished).toEqual([{ ok: true, bytes: 5, micros: expect.any(Number), end: 'delivered' }])
    const peer = { address: '127.0.1.7', port: phone.port }
    expect(requests).toEqual([{ operation: 'read', path: '001565aabbcc.cfg', mode: 'octet', peer, local: at }])
  })

  ;(hasIpv6 ? test : test.skip)('IPv6 is served alike', async () => {
    const { server } = await serve(() => text('six'), { bind: ['::1'] })
    const file = await fetchByTftp({
      serverAddress: '::1',
      serverPort: server.port,
      file: 'x',
      localAddress: '::1',
      timeoutMs: 5000,
    })
    expect(file.toString()).toBe('six')
  })

  test('[RFC1350-4] a stranger gets error 5 and the transfer goes on', async () => {
    const { at } = await serve(() => text('x'.repeat(600)))
    const phone = await client()
    const stranger = await client('127.0.0.66')
    await phone.ask('f', at)
    const { from } = await phone.next()
    await stranger.ack(1, from)
    expect((await stranger.next()).packet).toMatchObject({ kind: 'error', code: 5 })
    await stranger.send({ kind: 'error', code: 0, message: 'stop it' }, from)
    await stranger.sendBytes(Buffer.from([0]), from)
    expect(await settled(stranger, at)).toEqual([])
    const neighbour = await client()
    await neighbour.ack(1, from)
    expect((await neighbour.next()).packet).toMatchObject({ kind: 'error', code: 5 })
    expect(phone.waiting).toBe(0)
    await phone.ack(1, from)
    expect((await phone.next()).packet).toMatchObject({ kind: 'data', block: 2 })
  })

  test('garbage of 0 to 64 bytes opens nothing, is not answered, and the server lives on', async () => {
    const { at, server, requests } = await serve(() => text('ok'))
    const phone = await client()
    const garbage = fc.sample(fc.uint8Array({ maxLength: 64 }), { numRuns: 300, seed: 7 })
    for (const bytes of garbage) if (bytes[0] !== 0 || (bytes[1] ?? 0) > 2) await phone.sendBytes(bytes, at)
    for (let opcode = 0; opcode < 9; opcode += 1) await phone.sendBytes(Uint8Array.of(0, opcode), at)
    expect(server.liveTransfers).toBe(0)
    expect(await settled(phone, at)).toEqual([])
    expect(requests.map(({ path }) => path)).toEqual(['settle'])
  })

  test('garbage of 0 to 64 bytes to the port of a transfer does not disturb it', async () => {
    const { at } = await serve(() => text('x'.repeat(600)))
    const phone = await client()
    await phone.ask('f', at)
    const { from } = await phone.next()
    for (const bytes of fc.sample(fc.uint8Array({ maxLength: 64 }), { numRuns: 60, seed: 8 })) {
      if (bytes[0] !== 0) await phone.sendBytes(bytes, from)
    }
    for (let opcode = 0; opcode < 9; opcode += 1) await phone.sendBytes(Uint8Array.of(0, opcode), from)
    await phone.ack(1, from)
    expect((await phone.next()).packet).toMatchObject({ kind: 'data', block: 2 })
  })

  test('a write request is refused with error 2 whatever the handler says', async () => {
    const { at, requests, finished } = await serve(() => text('never'))
    const phone = await client()
    await phone.send({ kind: 'write', fileName: 'a-local.cfg', mode: 'octet', options: [] }, at)
    expect((await phone.next()).packet).toMatchObject({ kind: 'error', code: 2 })
    expect(requests[0]).toMatchObject({ operation: 'write', path: 'a-local.cfg' })
    expect(finished[0]).toMatchObject({ ok: false, end: 'error' })
  })

  test('a missing file is error 1; mail and unknown modes are error 4 and reach no handler', async () => {
    const { at, requests } = await serve(() => absent)
    const phone = await client()
    await phone.ask('nope', at)
    expect((await phone.next()).packet).toEqual({ kind: 'error', code: 1, message: 'File not found' })
    for (const mode of ['mail', 'binary']) {
      await phone.ask('f', at, [], mode)
      expect((await phone.next()).packet).toMatchObject({ kind: 'error', code: 4 })
    }
    expect(requests).toHaveLength(1)
  })

  test('a handler that throws is error 0, without a word of why', async () => {
    const { at } = await serve(() => Promise.reject(new Error('secret')))
    const phone = await client()
    await phone.ask('f', at)
    expect((await phone.next()).packet).toEqual({ kind: 'error', code: 0, message: 'Internal error' })
  })

  test('netascii is converted, and its tsize is the size as sent', async () => {
    const { at } = await serve(() => text('a\nb\r'))
    const phone = await client()
    await phone.ask('f', at, [['tsize', '0']], 'NetASCII')
    const { packet, from } = await phone.next()
    expect(packet).toEqual({ kind: 'option-ack', options: [['tsize', '6']] })
    await phone.ack(0, from)
    expect((await phone.next()).packet).toEqual({ kind: 'data', block: 1, data: Buffer.from('a\r\nb\r\0') })
  })

  test('a request sent twice before its answer was seen is one transfer', async () => {
    const { at, requests } = await serve(() => text('x'))
    const phone = await client()
    await phone.ask('f', at)
    await phone.ask('f', at)
    await phone.next()
    expect(await settled(phone, at)).toEqual([])
    expect(requests.filter(({ operation }) => operation === 'read')).toHaveLength(1)
  })

  test('a request that comes again while its transfer is under way is no new one', async () => {
    const { at, requests } = await serve(() => text('x'.repeat(1200)))
    const phone = await client()
    await phone.ask('f', at)
    const { from } = await phone.next()
    await phone.ack(1, from)
    await phone.next()
    await phone.ask('f', at)
    expect(await settled(phone, at)).toEqual([])
    expect(requests.filter(({ operation }) => operation === 'read')).toHaveLength(1)
  })

  test('a request that comes again after a silence is answered beside the first transfer', async () => {
    const clock = new FakeClock()
    const { at, ended, finished } = await serve(() => text('x'.repeat(1200)), { clock })
    const phone = await client()
    await phone.ask('f', at, [['timeout', '9']])
    const { from } = await phone.next()
    await phone.ack(0, from)
    await phone.next()
    await phone.ack(1, from)
    await phone.next()
    clock.advance(2000)
    await phone.ask('f', at, [['timeout', '9']])
    const second = await phone.next()
    expect(second.packet).toMatchObject({ kind: 'option-ack' })
    expect(second.from.port).not.toBe(from.port)
    await phone.send({ kind: 'error', code: 5, message: 'Unknown transfer ID' }, second.from)
    await ended(1)
    await phone.ack(2, from)
    expect((await phone.next()).packet).toMatchObject({ kind: 'data', block: 3 })
    await phone.ack(3, from)
    await ended(2)
    expect(finished).toMatchObject([{ end: 'refused' }, { end: 'delivered', bytes: 1200 }])
  })

  test('a phone that restarts and asks from the same port is served anew', async () => {
    const { at } = await serve(({ path }) => text(path))
    const phone = await client()
    await phone.ask('one', at)
    await phone.next()
    await phone.ask('two', at)
    expect((await phone.next()).packet).toMatchObject({ data: Buffer.from('two') })
  })

  test('over the limit of one address requests go unanswered, others are served', async () => {
    const { at, server } = await serve(() => text('x'), { limits: { perAddress: 2 } })
    const phones = [await client(), await client(), await client()]
    for (const phone of phones) await phone.ask('f', at)
    const other = await client('127.0.0.9')
    await other.ask('f', at)
    await other.next()
    expect(server.liveTransfers).toBe(3)
    expect(phones.map(({ waiting }) => waiting)).toEqual([1, 1, 0])
  })

  test('a request from an address that may not be answered is dropped before anybody reads it', async () => {
    const { at, server, requests } = await serve(() => text('x'), { mayAnswer: (address) => address !== '127.0.0.9' })
    const banned = await client('127.0.0.9')
    await banned.ask('f', at)
    const phone = await client()
    await phone.ask('f', at)
    await phone.next()
    expect(server.liveTransfers).toBe(1)
    expect(requests).toHaveLength(1)
    expect(banned.waiting).toBe(0)
  })

  test('clients that do not answer are limited by address and by network, one that answers makes room', async () => {
    const log = recordingLog()
    const limits = { unprovedPerAddress: 1, unprovedPerNetwork: 2 }
    const { at, server } = await serve(() => text('x'.repeat(600)), { limits, log })
    const [first, second, third] = [await client('127.0.7.1'), await client('127.0.7.1'), await client('127.0.7.2')]
    const [fourth, elsewhere] = [await client('127.0.7.3'), await client('127.0.8.1')]
    await first.ask('f', at)
    const { from } = await first.next()
    for (let times = 0; times < 5; times += 1) await second.ask(`f${times}`, at)
    await third.ask('f', at)
    await third.next()
    for (let times = 0; times < 5; times += 1) await fourth.ask(`f${times}`, at)
    await elsewhere.ask('f', at)
    await elsewhere.next()
    expect(server.liveTransfers).toBe(3)
    expect([second.waiting, fourth.waiting]).toEqual([0, 0])
    // Told once for each reason, not once per packet.
    const told = log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields?.reason)
    expect(told.filter((reason) => reason !== undefined)).toEqual(['unproved-address', 'unproved-network'])
    await first.ack(1, from)
    await first.next()
    await fourth.ask('f', at)
    expect((await fourth.next()).packet).toMatchObject({ kind: 'data', block: 1 })
  })

  test('before its first ACK an address is sent four packets of at most 516 bytes, whatever it asks', async () => {
    const clock = new FakeClock()
    const { at, ended } = await serve(() => text('x'.repeat(5000)), { clock })
    for (const options of [
      [],
      [
        ['blksize', '65464'],
        ['windowsize', '64'],
        ['timeout', '1'],
      ],
    ] as const) {
      const phone = await client()
      const sizes: number[] = []
      phone.socket.on('message', (data) => sizes.push(data.length))
      await phone.ask('f', at, options)
      await phone.next()
      for (let second = 0; second < 60; second += 1) clock.advance(1000)
      await settled(phone, at)
      expect(sizes.slice(0, -1)).toHaveLength(4)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(516)
    }
    await ended(4)
  })

  test('transfers of many phones share few ports, a large window has a port of its own', async () => {
    const { at } = await serve(() => text('x'.repeat(5000)))
    const ports = new Set<number>()
    for (let n = 0; n < 100; n += 1) {
      const phone = await client(`127.0.9.${n + 1}`)
      await phone.ask('f', at)
      ports.add((await phone.next()).from.port)
    }
    expect(ports.size).toBeLessThanOrEqual(32)
    const quick = await client()
    await quick.ask('f', at, [['windowsize', '8']])
    const { packet, from } = await quick.next()
    expect(packet).toMatchObject({ kind: 'option-ack' })
    expect(ports.has(from.port)).toBe(false)
  })

  test('an address without limit is served beyond it', async () => {
    const isUnlimited = (address: string): boolean => address === '127.0.0.9'
    const { at, server } = await serve(() => text('x'), {
      limits: { perAddress: 1, unprovedPerAddress: 1, unprovedPerNetwork: 1 },
      isUnlimited,
    })
    for (const phone of [await client('127.0.0.9'), await client('127.0.0.9')]) {
      await phone.ask('f', at)
      await phone.next()
    }
    expect(server.liveTransfers).toBe(2)
  })

  test('a callback that throws at the end of a transfer is logged and ends nothing', async () => {
    const log = recordingLog()
    const server = await openTftpServer({
      port: 0,
      bind: ['127.0.0.1'],
      log,
      handle: () => ({
        ...absent,
        onFinished: () => {
          throw new Error('a bug')
        },
      }),
    })
    cleanUp.push(() => server.stop(0))
    const phone = await client()
    for (let times = 0; times < 2; times += 1) {
      await phone.ask('f', { address: '127.0.0.1', port: server.port })
      expect((await phone.next()).packet).toMatchObject({ kind: 'error', code: 1 })
    }
    await settled(phone, { address: '127.0.0.1', port: server.port })
    expect(log.lines.filter(({ level }) => level === 'error').length).toBeGreaterThanOrEqual(2)
  })

  test('over the limit of all transfers requests go unanswered until one has ended', async () => {
    const { at, server, ended } = await serve(() => text('x'), { limits: { overall: 1 } })
    const [first, second] = [await client(), await client('127.0.0.9')]
    await first.ask('f', at)
    const { from } = await first.next()
    await second.ask('f', at)
    await first.ack(1, from)
    await ended(1)
    expect(server.liveTransfers).toBe(0)
    await second.ask('f', at)
    expect((await second.next()).packet).toMatchObject({ kind: 'data' })
  })

  test('transfers keep to their port range, and a client is not given its old port while others are free', async () => {
    const probe = await client()
    const from = probe.port
    probe.close()
    cleanUp.pop()
    const { at, ended } = await serve(() => text('x'), { transferPorts: { from, to: from + 3 } })
    const phone = await client('127.0.0.3')
    const ports: number[] = []
    for (let count = 1; count <= 3; count += 1) {
      await phone.ask('f', at)
      const answer = await phone.next()
      ports.push(answer.from.port)
      await phone.ack(1, answer.from)
      await ended(count)
    }
    expect(new Set(ports).size).toBe(3)
    expect(ports.every((port) => port >= from && port <= from + 3)).toBe(true)
  })

  test('a client that vanishes frees its transfer and its timer', async () => {
    const clock = new FakeClock()
    const { at, server, finished, ended } = await serve(() => text('x'.repeat(5000)), { clock })
    const phone = await client()
    await phone.ask('f', at)
    await phone.next()
    // One timer belongs to the listeners' rescan.
    expect(clock.pending).toBe(2)
    for (let second = 0; second < 16; second += 1) clock.advance(1000)
    await ended(1)
    expect(finished).toMatchObject([{ ok: false, bytes: 0, end: 'timeout' }])
    expect(server.liveTransfers).toBe(0)
    expect(clock.pending).toBeLessThanOrEqual(1)
  })

  test('a transfer that has ended leaves no timer, and stop waits no longer than for the last one', async () => {
    const clock = new FakeClock()
    const { at, server, finished } = await serve(() => text('hello'), { clock })
    const phone = await client()
    await phone.ask('f', at)
    const { from } = await phone.next()
    const stopping = server.stop()
    await phone.ack(1, from)
    await stopping
    expect(finished).toMatchObject([{ ok: true, end: 'delivered' }])
    expect(clock.pending).toBe(0)
  })

  test('stop lets a transfer go on, takes no new one, and ends what is left after 5 s with error 0', async () => {
    const clock = new FakeClock()
    const { at, server, finished } = await serve(() => text('x'.repeat(5000)), { clock })
    const [quick, slow] = [await client(), await client()]
    await quick.ask('f', at)
    await slow.ask('f', at)
    const [{ from }] = [await quick.next(), await slow.next()]
    let stopped = false
    const stopping = server.stop().then(() => (stopped = true))
    for (let block = 1; block <= 10; block += 1) {
      await quick.ack(block, from)
      if (block < 10) expect((await quick.next()).packet).toMatchObject({ kind: 'data', block: block + 1 })
    }
    while (server.liveTransfers > 1) await new Promise(setImmediate)
    expect(finished).toMatchObject([{ ok: true, bytes: 5000 }])
    expect(stopped).toBe(false)
    clock.advance(5000)
    await stopping
    let last = await slow.next()
    while (last.packet.kind === 'data') last = await slow.next()
    expect(last.packet).toMatchObject({ kind: 'error', code: 0 })
    expect(server.liveTransfers).toBe(0)
  })
})

describe('TFTP server with files on disk', () => {
  async function fileOf(bytes: Uint8Array): Promise<{ path: string; folder: string; content: TftpContent }> {
    const folder = await mkdtemp(join(tmpdir(), 'phoneboot-tftp-'))
    cleanUp.unshift(() => rm(folder, { recursive: true }))
    const path = join(folder, 'firmware.rom')
    await writeFile(path, bytes)
    const { size: sizeBytes, mtimeMs: lastModified } = await stat(path)
    return { path, folder, content: { kind: 'file', path, sizeBytes, lastModified } }
  }

  test.each([
    [0, 512, 1],
    [512, 512, 1],
    [50_000, 8, 16],
    [200_000, 1468, 4],
    [1_000_003, 65_464, 4],
  ])('%i bytes arrive the same, block %i, window %i', async (size, blockSize, windowSize) => {
    const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 9)) & 0xff))
    const { content } = await fileOf(bytes)
    const { at, ended, finished } = await serve(() => content)
    const got = await fetchByTftp({
      serverAddress: at.address,
      serverPort: at.port,
      file: 'firmware.rom',
      localAddress: '127.0.0.5',
      timeoutMs: 20_000,
      ...(size > 512 && { blockSize, windowSize }),
    })
    expect(got.equals(bytes)).toBe(true)
    await ended(1)
    expect(finished).toMatchObject([{ ok: true, bytes: size, end: 'delivered' }])
  })

  test('netascii of a file is converted piece by piece', async () => {
    const { content } = await fileOf(Buffer.from('line\n'.repeat(30_000)))
    const { at } = await serve(() => content)
    const phone = await client()
    await phone.ask(
      'f',
      at,
      [
        ['blksize', '1000'],
        ['tsize', '0'],
      ],
      'netascii',
    )
    const first = await phone.next()
    expect(first.packet).toEqual({ kind: 'option-ack', options: [['blksize', '1000']] })
    const pieces: Uint8Array[] = []
    for (let block = 0; pieces.at(-1)?.length !== 0; block += 1) {
      await phone.ack(block, first.from)
      let { packet } = await phone.next()
      // What was sent again, because this machine was slow, has been read.
      while (packet.kind === 'data' && packet.block !== ((block + 1) & 0xffff)) packet = (await phone.next()).packet
      if (packet.kind === 'data') pieces.push(packet.data)
    }
    expect(Buffer.concat(pieces).toString()).toBe('line\r\n'.repeat(30_000))
  })

  test('a file that cannot be opened is error 0 and frees the request', async () => {
    const { at, server, ended } = await serve(() => ({
      kind: 'file',
      path: '/nonexistent/x',
      sizeBytes: 5,
      lastModified: 0,
    }))
    const phone = await client()
    await phone.ask('f', at)
    expect((await phone.next()).packet).toMatchObject({ kind: 'error', code: 0, message: 'Not available now' })
    await ended(1)
    expect(server.liveTransfers).toBe(0)
  })

  test('a file that becomes shorter breaks the transfer off with error 0', async () => {
    const { path, content } = await fileOf(Buffer.alloc(300_000))
    const { at, finished, ended } = await serve(() => content)
    const phone = await client()
    await phone.ask('f', at)
    const { from } = await phone.next()
    await truncate(path, 70_000)
    for (let block = 1; ; block += 1) {
      await phone.ack(block, from)
      const { packet } = await phone.next()
      if (packet.kind === 'data') continue
      expect(packet).toMatchObject({ kind: 'error', code: 0 })
      break
    }
    await ended(1)
    expect(finished).toMatchObject([{ ok: false, end: 'unreadable' }])
  })

  test.each<[string, (rig: { path: string; folder: string }) => Promise<void>]>([
    [
      'a link to another file',
      async ({ path, folder }) => {
        const other = join(folder, 'other')
        await writeFile(other, 'x'.repeat(700))
        await utimes(other, await stat(path).then(({ mtime }) => mtime), await stat(path).then(({ mtime }) => mtime))
        await rm(path)
        await symlink(other, path)
      },
    ],
    [
      'a FIFO',
      async ({ path }) => {
        await rm(path)
        await promisify(execFile)('mkfifo', [path])
      },
    ],
    ['of another size', ({ path }) => truncate(path, 600)],
    ['newer than it was', ({ path }) => utimes(path, 1, 1)],
  ])('a file that is %s since it was indexed is not sent: error 0', async (_what, change) => {
    const rig = await fileOf(Buffer.alloc(700, 'x'))
    const { at, server, ended } = await serve(() => rig.content)
    await change(rig)
    const phone = await client()
    await phone.ask('f', at)
    expect((await phone.next()).packet).toMatchObject({ kind: 'error', code: 0, message: 'Not available now' })
    await ended(1)
    expect(server.liveTransfers).toBe(0)
  })
})

describe('TFTP in the morning', () => {
  test('500 phones at once fetch 6 KB each, from addresses of their own', async () => {
    const body = Buffer.alloc(6000, 'k')
    const { at, finished, ended } = await serve(() => ({ kind: 'bytes', bytes: body }))
    const fetches = Array.from({ length: 500 }, (_, index) =>
      fetchByTftp({
        serverAddress: at.address,
        serverPort: at.port,
        file: 'f',
        localAddress: `127.0.${10 + Math.floor(index / 250)}.${1 + (index % 250)}`,
        timeoutMs: 25_000,
      }),
    )
    for (const file of await Promise.all(fetches)) expect(file.length).toBe(6000)
    await ended(500)
    expect(finished.filter(({ ok, bytes }) => ok && bytes === 6000).length).toBeGreaterThan(450)
  })
})
