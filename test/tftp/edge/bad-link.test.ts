import { afterEach, describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import { fetchByTftp } from '../../../src/simulator/edge/tftp-client.js'
import { openTftpServer } from '../../../src/tftp/edge/server.js'
import { LossyTftpProxy, type BadLink } from '../../support/lossy-udp-proxy.js'
import { recordingLog } from '../../support/recording-log.js'
import { seededRandom } from '../../support/seeded-random.js'

const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo()
})

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const nameOf = (phone: number): string => `${String(phone).padStart(12, '0')}.cfg`

/** A config of about 6 KB that no other phone has. */
function configOf(phone: number): Uint8Array {
  return seededRandom(phone).bytes(5_900 + phone)
}

const LINKS: [string, number, BadLink][] = [
  ['200 phones at once, 2 % lost', 200, { lost: 2, doubled: 0, late: 0 }],
  ['40 phones at once, 5 % lost, doubled and overtaken', 40, { lost: 5, doubled: 5, late: 5 }],
  ['40 phones at once, 30 % lost, 5 % doubled and overtaken', 40, { lost: 30, doubled: 5, late: 5 }],
]

describe('TFTP by real sockets over a bad link', () => {
  test.each(LINKS)(
    '%s: everybody gets his own file, asked for once',
    async (_what, phones, link) => {
      const asked: string[] = []
      const configs = new Map(Array.from({ length: phones }, (_, phone) => [nameOf(phone), configOf(phone)]))
      const server = await openTftpServer({
        port: 0,
        bind: ['127.0.0.1'],
        log: recordingLog(),
        // Behind the proxy all phones have one address, as behind a NAT.
        isUnlimited: () => true,
        handle: ({ path }) => {
          asked.push(path)
          return { kind: 'bytes', bytes: configs.get(path) ?? new Uint8Array() }
        },
      })
      cleanUp.push(() => server.stop(0))
      const proxy = await LossyTftpProxy.open(server.port, link, seededRandom(phones + link.lost))
      cleanUp.push(() => proxy.close())
      const fetches = [...configs.keys()].map(async (file) => {
        const request = { serverAddress: '127.0.0.1', serverPort: proxy.port, file, localAddress: '127.0.0.1' }
        return sha256(await fetchByTftp({ ...request, timeoutMs: 55_000 }))
      })
      expect(await Promise.all(fetches)).toEqual([...configs.values()].map(sha256))
      expect(asked.sort()).toEqual([...configs.keys()])
      expect(proxy.harmed).toBeGreaterThan(phones / 4)
    },
    60_000,
  )
})
