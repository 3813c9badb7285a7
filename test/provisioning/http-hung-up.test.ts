import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from '@jest/globals'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { PlainGets } from '../../src/provisioning/edge/http-plain.js'
import { MuteSocket } from '../support/mute-socket.js'
import { bytesDelivery, TablePipeline } from '../support/phone-http.js'

const GET = 'GET /a.cfg HTTP/1.1\r\nHost: x\r\n\r\n'

test.each([
  ['after its request', GET],
  ['without a word', ''],
])('a client that has hung up %s is not waited for, though nobody tells that its answer is out', async (_, text) => {
  const plain = new PlainGets({
    provisioning: new TablePipeline({ '/a.cfg': bytesDelivery('a = 1\n') }),
    ...{ keepAliveMs: 100, checkMs: 20, idleMs: 600_000, requestsPerConnection: 1_000, clock: systemClock },
  })
  const server = createServer(() => undefined)
  plain.standBefore(server, 'connection')
  const socket = new MuteSocket({ allowHalfOpen: true })
  server.emit('connection', socket.asSocket)
  const closed = once(socket, 'close')
  if (text !== '') await socket.hear(text)
  await socket.hangUp()
  await closed
  expect(socket.written).toMatch(text === '' ? /^$/ : /^HTTP\/1.1 200 OK/)
  plain.stop()
})
