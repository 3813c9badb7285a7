import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import { tftpGet } from '../../src/tftp/edge/client.js'
import { SERVER_TEST_MS, TestInstallation } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

let installation: TestInstallation

beforeEach(async () => {
  installation = await TestInstallation.create()
})

afterEach(() => installation.remove())

const OPTIONS_REQUEST = (transport: string): string =>
  [
    'OPTIONS sip:127.0.0.1 SIP/2.0',
    `Via: SIP/2.0/${transport} 127.0.0.1:5099;branch=z9hG4bKcontract;rport`,
    'Max-Forwards: 70',
    'From: <sip:test@127.0.0.1>;tag=a',
    'To: <sip:127.0.0.1>',
    'Call-ID: contract',
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')

async function askByUdp(port: number): Promise<string> {
  const socket = createSocket('udp4')
  try {
    socket.send(OPTIONS_REQUEST('UDP'), port, '127.0.0.1')
    const [answer] = (await once(socket, 'message')) as [Buffer]
    return answer.toString('latin1')
  } finally {
    socket.close()
  }
}

async function askByTcp(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  try {
    socket.write(OPTIONS_REQUEST('TCP'))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return answer.toString('latin1')
  } finally {
    socket.destroy()
  }
}

describe('the running server', () => {
  test('tells on stdout, in one line of JSON, that it is up; logs are JSON lines on stderr', async () => {
    const server = await installation.serve()
    expect(server.ready).toEqual({
      event: 'ready',
      pid: server.pid,
      http: expect.any(Number),
      https: expect.any(Number),
      tftp: expect.any(Number),
      sip: expect.any(Number),
      sips: expect.any(Number),
      admin: expect.any(Number),
    })
    for (const port of Object.values(server.ports)) expect(port).toBeGreaterThan(0)
    const mode = async (name: string): Promise<number> => (await stat(join(installation.dataDir, name))).mode & 0o777
    expect(await mode('.')).toBe(0o700)
    for (const name of ['phoneboot.key', 'phoneboot.sqlite', 'phoneboot-live.sqlite']) {
      expect([name, await mode(name)]).toEqual([name, 0o600])
    }
    expect(await askByUdp(server.ports.sip)).toMatch(/^SIP\/2\.0 200 /)
    expect(await askByTcp(server.ports.sip)).toMatch(/^SIP\/2\.0 200 /)
    expect(await server.stop()).toBe(0)
    expect(server.stdout.split('\n')).toEqual([JSON.stringify(server.ready), ''])
    const logs = server.logs()
    for (const line of logs) {
      expect(line).toMatchObject({ level: expect.stringMatching(/^(debug|info|warn|error)$/), msg: expect.any(String) })
      expect(new Date(line.time).toISOString()).toBe(line.time)
    }
    const told = logs.map(({ msg }) => msg).join('\n')
    // An address it listens on, not just one of this machine.
    expect(told).toContain(`DHCP option 66:  http://127.0.0.1:${server.ports.http}/`)
    expect(logs.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('starts again on the same data; Ctrl-C ends it, too', async () => {
    await (await installation.serve()).stop()
    await installation.cli('extension', 'add', '101', '--name', 'Anna Berg')
    const key = await readFile(join(installation.dataDir, 'phoneboot.key'), 'utf8')
    const again = await installation.serve({ env: { PHONEBOOT_HTTP_PORT: '0' } })
    again.signal('SIGINT')
    expect(await again.ended).toBe(0)
    expect(await readFile(join(installation.dataDir, 'phoneboot.key'), 'utf8')).toBe(key)
    expect(await installation.cli('extension', 'list')).toMatchObject([{ number: '101' }])
  })

  test('SIGTERM: transfers under way go on, new ones find nobody, exit code 0', async () => {
    const image = Buffer.alloc(12_000_000)
    for (let at = 0; at < image.length; at += 1) image[at] = (at * 7 + (at >> 8)) & 0xff
    await installation.firmware('yealink/t21p-e2/52.84.0.125/52.84.0.125.rom', image)
    const server = await installation.serve()
    const path = 'firmware/yealink/t21p-e2/52.84.0.125/52.84.0.125.rom'
    const http = await beginDownload(`${server.http}/${path}`)
    const tftp = tftpGet({ host: '127.0.0.1', port: server.ports.tftp, file: path, blockSize: 1428, windowSize: 4 })
    await once(http, 'readable')
    server.signal('SIGTERM')
    await refused(server.ports.http)
    const [byHttp, byTftp] = await Promise.all([rest(http), tftp])
    expect(sha256Hex(byHttp)).toBe(sha256Hex(image))
    expect(sha256Hex(byTftp)).toBe(sha256Hex(image))
    expect(await server.ended).toBe(0)
  })
})

function beginDownload(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject)
  })
}

async function rest(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Resolves once nobody listens on the port any more. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (!open) return
  }
}
