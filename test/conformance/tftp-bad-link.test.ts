import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTftpServer, type TftpServer } from '../../src/tftp/edge/server.js'
import { LossyTftpProxy, type BadLink } from '../support/lossy-udp-proxy.js'
import { describeWithClients } from '../support/real-clients.js'
import { recordingLog } from '../support/recording-log.js'
import { seededRandom } from '../support/seeded-random.js'

const file = Buffer.from(Uint8Array.from({ length: 64 * 1024 }, (_, at) => (at * 13 + (at >> 7)) & 0xff))
const host = '127.0.0.1'

let server: TftpServer
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phoneboot-tftp-'))
  server = await openTftpServer({
    port: 0,
    bind: [host],
    log: recordingLog(),
    handle: () => ({ kind: 'bytes', bytes: file }),
  })
})

afterAll(async () => {
  await server.stop(0)
  await rm(folder, { recursive: true })
})

type Arguments = (port: string, local: string) => [string, string[]]
const atftp =
  (...options: string[]): Arguments =>
  (port, local) => [
    'atftp',
    [...options.flatMap((option) => ['--option', option]), '--get', '-r', 'f', '-l', local, host, port],
  ]
const CLIENTS: Record<string, Arguments> = {
  'tftp-hpa': (port, local) => ['tftp', ['-m', 'octet', host, port, '-c', 'get', 'f', local]],
  'busybox tftp': (port, local) => ['busybox', ['tftp', '-g', '-b', '1428', '-r', 'f', '-l', local, host, port]],
  // With options curl asks for resends every 6 seconds and is served so.
  curl: (port, local) => ['curl', ['-sS', '--tftp-no-options', '-o', local, `tftp://${host}:${port}/f`]],
  'atftp, blocks of 512': atftp(),
  'atftp, windows of 4': atftp('blksize 1428', 'windowsize 4'),
}
const LINKS: Record<string, BadLink> = {
  '5 % of the packets doubled': { lost: 0, doubled: 5, late: 0 },
  '2 % lost, 3 % doubled, 3 % late': { lost: 2, doubled: 3, late: 3 },
}

const packages = { tftp: 'tftp-hpa', atftp: 'atftp', busybox: 'busybox', curl: 'curl' }
describeWithClients('TFTP with real clients over a bad link', packages, () => {
  const cases = Object.keys(CLIENTS).flatMap((name) => Object.keys(LINKS).map((link) => [name, link] as const))

  test.each(cases)('%s gets the right bytes with %s', async (name, link) => {
    const badLink = LINKS[link]
    const client = CLIENTS[name]
    if (!badLink || !client) throw new Error('no such case')
    const proxy = await LossyTftpProxy.open(server.port, badLink, seededRandom(name.length))
    try {
      const local = `got-${cases.findIndex((one) => one[0] === name && one[1] === link)}`
      const [command, args] = client(String(proxy.port), local)
      await new Promise((resolve) => execFile(command, args, { cwd: folder, timeout: 28_000 }, resolve))
      const got = await readFile(join(folder, local))
      expect(got.equals(file)).toBe(true)
      expect(proxy.harmed).toBeGreaterThan(0)
    } finally {
      proxy.close()
    }
  })
})
