import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { expect, test } from '@jest/globals'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { NO_NETWORKS } from '../../src/network/trust.js'
import { MemorySnapshot } from '../../src/snapshot/memory-snapshot.js'
import { createSoftphoneHttp } from '../../src/softphones/edge/http.js'

const never = (): never => {
  throw new Error('asked')
}

test('100,000 guesses ask no database and open no secret', async () => {
  let strangers = 0
  let counted = 0
  const handler = createSoftphoneHttp({
    serves: 'http',
    snapshot: new MemorySnapshot(),
    store: { useToken: never },
    apps: never,
    secrets: { open: never },
    place: never,
    page: never,
    asset: never,
    isTrusted: () => true,
    trustedProxies: NO_NETWORKS,
    guard: { refuses: () => false, isProxy: () => false, hostile: () => void (counted += 1) },
    otherwise: () => void (strangers += 1),
    clock: systemClock,
    log: SILENT_LOG,
  })
  const server = createServer()
  const socket = { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1', localPort: 80, destroyed: false }
  const before = process.cpuUsage()
  for (let n = 0; n < 100_000; n += 1) {
    const url = `/s/${n
      .toString(32)
      .replace(/[ilou]/g, 'z')
      .padStart(32, '0')}`
    const request = { url, method: 'GET', headers: {}, socket } as unknown as IncomingMessage
    handler(request, { socket } as unknown as ServerResponse)
  }
  const { user, system } = process.cpuUsage(before)
  server.close()
  expect([strangers, counted]).toEqual([100_000, 100_000])
  // A guard against a look-up that grows, no measure of speed: some 5 microseconds each on an idle machine.
  expect((user + system) / 1_000).toBeLessThan(10_000)
})
