import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { EventSinks } from '../../src/admin/edge/event-sink.js'
import type { AdminParts } from '../../src/admin/parts.js'
import { Live } from '../../src/web/live.js'
import { LiveStream } from '../../src/web/edge/live-stream.js'
import { FakeClock } from '../support/fake-clock.js'

const BEAT_MS = 20_000

let server: Server
let client: Socket
let response: ServerResponse
let failures: unknown[]

/** A client that asked and reads nothing by itself. */
beforeEach(async () => {
  failures = []
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  response = ((await once(server, 'request')) as [unknown, ServerResponse])[1]
  response.on('error', (error) => failures.push(error))
})
afterEach(async () => {
  client.destroy()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect(failures).toEqual([])
})

async function clientLeaves(): Promise<void> {
  const closed = once(response, 'close')
  client.destroy()
  await closed
}

/** More than the kernel takes for a client that does not read. */
const A_LOT = 'x'.repeat(16 * 1024 * 1024)

describe('programs that listen', () => {
  test('one that leaves while its rights are looked up leaves no timer behind', async () => {
    const clock = new FakeClock()
    let answer: (allowed: boolean) => void = () => undefined
    new EventSinks(clock).open(response, () => new Promise((resolve) => (answer = resolve)))
    clock.advance(BEAT_MS)
    await clientLeaves()
    answer(true)
    await new Promise(setImmediate)
    expect(clock.pending).toBe(0)
  })

  test('one that had gone before takes no place, and what waits for its end is done at once', async () => {
    const clock = new FakeClock()
    const sinks = new EventSinks(clock)
    await clientLeaves()
    let ended = 0
    for (let n = 0; n < 300; n += 1) {
      const gone = Object.create(response, { writeHead: { value: () => gone } }) as ServerResponse
      sinks.open(gone, () => Promise.resolve(true))?.onClose(() => (ended += 1))
    }
    expect([ended, clock.pending]).toEqual([300, 0])
  })

  test('one that may listen no more and does not read is told nothing behind the end, and then cut off', async () => {
    const clock = new FakeClock()
    const sink = new EventSinks(clock).open(response, () => Promise.resolve(false))
    sink?.send({ event: 'much', data: A_LOT })
    clock.advance(BEAT_MS)
    await new Promise(setImmediate)
    expect(response.writableEnded).toBe(true)
    const closed = once(response, 'close')
    clock.advance(BEAT_MS)
    await closed
    expect(clock.pending).toBe(0)
  })
})

describe('pages that listen', () => {
  function bench() {
    const clock = new FakeClock()
    const snapshot = { deviceByMac: () => undefined, deviceByLine: () => undefined, device: () => undefined }
    const live = new Live({ clock, snapshot })
    const parts = { clock, snapshot, bindings: () => [] } as unknown as AdminParts
    const stream = new LiveStream(parts, live)
    const watcher = (isSignedIn: boolean) => ({
      siteId: 's1',
      rights: new Map([['s1', new Set(['phones.read' as const])]]),
      isSignedIn: () => Promise.resolve(isSignedIn),
    })
    const change = (): void => {
      live.filesWait(['d1'])
      clock.advance(1_000)
    }
    return { clock, stream, watcher, change }
  }

  test('one that had gone before takes no place', async () => {
    const { clock, stream, watcher } = bench()
    await clientLeaves()
    const added = Array.from({ length: 600 }, () => {
      const gone = Object.create(response, { writeHead: { value: () => gone } }) as ServerResponse
      return stream.add(watcher(true), gone)
    })
    expect(added).not.toContain(false)
    expect(clock.pending).toBe(0)
  })

  test('one whose session has ended is told nothing behind the end, and then cut off', async () => {
    const { clock, stream, watcher, change } = bench()
    stream.add(watcher(false), response)
    response.write(A_LOT)
    clock.advance(BEAT_MS)
    await new Promise(setImmediate)
    expect(response.writableEnded).toBe(true)
    change()
    await new Promise(setImmediate)
    expect(failures).toEqual([])
    const closed = once(response, 'close')
    clock.advance(BEAT_MS)
    await closed
  })

  test('the last one that leaves leaves no timer behind, though it leaves while its session is looked up', async () => {
    const { clock, stream, watcher } = bench()
    let answer: (isSignedIn: boolean) => void = () => undefined
    stream.add({ ...watcher(true), isSignedIn: () => new Promise((resolve) => (answer = resolve)) }, response)
    expect(clock.pending).toBe(1)
    clock.advance(BEAT_MS)
    await clientLeaves()
    answer(true)
    await new Promise(setImmediate)
    expect(clock.pending).toBe(0)
  })
})
