import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { LAST_WORDS_MS } from '../../../src/network/edge/close-soon.js'
import { SILENT_LOG } from '../../../src/observe/log.js'
import { OpenFlows } from '../../../src/sip/edge/open-flows.js'
import { TCP_LIMITS, TcpConnections } from '../../../src/sip/edge/tcp.js'
import { FakeClock } from '../../support/fake-clock.js'
import { MuteSocket } from '../../support/mute-socket.js'

/** A connection whose answers never leave, and how many messages came over it. */
function begin() {
  const clock = new FakeClock()
  const flows = new OpenFlows(TCP_LIMITS)
  const heard: string[] = []
  const connections = new TcpConnections(
    clock,
    SILENT_LOG,
    ({ kind }, flow) => {
      heard.push(kind)
      flow.send('SIP/2.0 400 Bad Request\r\n\r\n')
    },
    TCP_LIMITS,
    flows,
  )
  const socket = new MuteSocket({ allowHalfOpen: false })
  connections.createServer().emit('connection', socket.asSocket)
  expect(flows.size).toBe(1)
  return { clock, flows, heard, socket }
}

const OPTIONS = 'OPTIONS sip:example.com SIP/2.0\r\nContent-Length: 0\r\n\r\n'
const BROKEN = 'OPTIONS sip:example.com SIP/2.0\r\nContent-Length: none\r\n\r\n'

test.each([
  ['was told that it cannot be understood', BROKEN, false],
  ['has hung up after a message', OPTIONS, true],
])('who %s and does not take the answer is not waited for', async (_, text, hangsUp) => {
  const { clock, flows, heard, socket } = begin()
  await socket.hear(text)
  if (hangsUp) await socket.hangUp()
  expect(heard).toHaveLength(1)
  expect(socket.written).toMatch(/^SIP\/2.0 400/)
  expect(socket.destroyed).toBe(false)
  clock.advance(LAST_WORDS_MS)
  await once(socket, 'close')
  expect(flows.size).toBe(0)
  expect(clock.pending).toBe(0)
})

test('what comes after something that cannot be understood is not heard', async () => {
  const { clock, heard, socket } = begin()
  await socket.hear(BROKEN)
  await socket.hear(OPTIONS)
  expect(heard).toHaveLength(1)
  clock.advance(LAST_WORDS_MS)
  await once(socket, 'close')
})
