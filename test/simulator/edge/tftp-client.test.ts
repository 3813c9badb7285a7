import { afterEach, describe, expect, test } from '@jest/globals'
import { fetchByTftp } from '../../../src/simulator/edge/tftp-client.js'
import { openTftpServer, type TftpServer } from '../../../src/tftp/edge/server.js'
import type { TftpHandler } from '../../../src/tftp/handler.js'
import { recordingLog } from '../../support/recording-log.js'
import { RawClient } from '../../tftp/edge/raw-client.js'

let server: TftpServer | undefined
let raw: RawClient | undefined

afterEach(async () => {
  await server?.stop(0)
  raw?.close()
  server = raw = undefined
})

async function serve(handle: TftpHandler): Promise<number> {
  server = await openTftpServer({ port: 0, bind: ['127.0.0.1'], log: recordingLog(), handle })
  return server.port
}

const from = (serverPort: number, timeoutMs = 10_000): Parameters<typeof fetchByTftp>[0] => ({
  serverAddress: '127.0.0.1',
  serverPort,
  file: '000413aabbcc.xml',
  localAddress: '127.0.4.9',
  timeoutMs,
})

describe('TFTP client of simulated phones', () => {
  test('fetches a file from its own source address', async () => {
    const peers: string[] = []
    const port = await serve(({ peer, path }) => {
      peers.push(peer.address)
      return { kind: 'bytes', bytes: Buffer.from(path) }
    })
    expect((await fetchByTftp(from(port))).toString()).toBe('000413aabbcc.xml')
    expect(peers).toEqual(['127.0.4.9'])
  })

  test('a missing file is FILE_NOT_FOUND, another error SERVER_UNREACHABLE with its words', async () => {
    const codes = [1, 0]
    const port = await serve(() => ({ kind: 'error', code: codes.shift() ?? 9, message: 'so it is' }))
    await expect(fetchByTftp(from(port))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(fetchByTftp(from(port))).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringContaining('error 0 (so it is)'),
    })
  })

  test('a server that does not answer is SERVER_UNREACHABLE after the time given', async () => {
    raw = await RawClient.open()
    await expect(fetchByTftp(from(raw.port, 50))).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
  })

  test('packets of a second server port are answered with error 5 and change nothing', async () => {
    raw = await RawClient.open()
    const stranger = await RawClient.open()
    const fetching = fetchByTftp(from(raw.port))
    const { from: phone } = await raw.next()
    await raw.send({ kind: 'data', block: 1, data: Buffer.alloc(512, 'a') }, phone)
    expect((await raw.next()).packet).toEqual({ kind: 'ack', block: 1 })
    await stranger.send({ kind: 'data', block: 2, data: Buffer.from('forged') }, phone)
    expect((await stranger.next()).packet).toMatchObject({ kind: 'error', code: 5 })
    stranger.close()
    await raw.send({ kind: 'data', block: 2, data: Buffer.from('b') }, phone)
    expect((await fetching).toString()).toBe('a'.repeat(512) + 'b')
  })
})
