import { expect, test } from '@jest/globals'
import type { WatchRequest } from '../../src/registrar/watching.js'
import { deliver, FakeFlow } from '../support/fake-flow.js'
import { Bench } from '../support/registrar-bench.js'
import { registerText } from '../support/sip-requests.js'

/** A SUBSCRIBE as a key that watches 102 sends it. */
const subscribe = (parts: Parameters<typeof registerText>[0] = {}): string =>
  registerText({
    method: 'SUBSCRIBE',
    extra: ['Event: dialog', 'Accept: application/dialog-info+xml'],
    ...parts,
  }).replace('sip:example.com SIP', 'sip:102@example.com SIP')

test('a registered phone that asks to watch somebody is answered 405, and it is told whom it asked for', async () => {
  const told: WatchRequest[] = []
  const bench = await Bench.start({ onWatch: (request) => told.push(request) })
  await bench.register()
  const flow = new FakeFlow()
  await deliver(bench.registrar, subscribe(), flow)
  expect(flow.answer.status).toBe(405)
  expect(told).toEqual([{ binding: bench.registrar.bindings()[0], target: '102', event: 'dialog', status: 405 }])
})

test('nothing is told of a SUBSCRIBE from elsewhere, under another name, or of other methods', async () => {
  const told: WatchRequest[] = []
  const bench = await Bench.start({ onWatch: (request) => told.push(request) })
  await deliver(bench.registrar, subscribe(), new FakeFlow())
  await bench.register()
  await deliver(bench.registrar, subscribe(), new FakeFlow('udp', { address: '10.0.0.66', port: 5062 }))
  await deliver(bench.registrar, subscribe({ user: '102' }), new FakeFlow())
  await deliver(bench.registrar, subscribe({ method: 'INVITE' }), new FakeFlow())
  expect(told).toEqual([])
})
