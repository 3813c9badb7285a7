import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { phone, ProvisioningBench, tokenOf } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const MAC = '001565aabb01'
const STRANGER = '203.0.113.9'

let bench: ProvisioningBench
/** What was looked up, in its order. */
let looked: string[]
let restore: () => void

beforeEach(() => {
  bench = new ProvisioningBench()
  looked = []
  const { content } = bench.snapshot
  content.putExtension(extensionRecord('101'))
  content.putDevice(phone(MAC, ['101']))
  content.putDevice(phone('001565aabb03', ['101'], { state: 'blocked' }))
  content.putDevice(phone('001565aabb04', ['101'], { state: 'pending' }))
  content.putDevice(phone('001565aabb05', ['101'], { state: 'retired', retiredAt: 0 }))
  const { snapshot } = bench
  const { catalog } = bench.phones
  const look = { mac: snapshot.deviceByMac.bind(snapshot), name: catalog.findFile.bind(catalog) }
  snapshot.deviceByMac = (mac) => (looked.push('mac'), look.mac(mac))
  catalog.findFile = (name) => (looked.push('name'), look.name(name))
  restore = () => void (catalog.findFile = look.name)
})

afterEach(() => restore())

/** Asks, and tells what was looked up before the answer was out and behind it. */
function steps(path: string, transport: 'http' | 'tftp' = 'http'): { before: string[]; behind: string[] } {
  const { delivery, finish } = bench.provisioning.deliver({
    ...{ transport, operation: 'read', path, peerAddress: STRANGER, peerAddressProven: true },
    ...{ localAddress: '10.0.0.1', localPort: 8080, receivedAt: bench.now() },
  })
  expect(delivery).toEqual({ kind: 'absent' })
  const before = looked.splice(0)
  finish({ status: 404, bytes: 0, micros: 5 })
  return { before, behind: looked.splice(0) }
}

test.each(['http', 'tftp'] as const)(
  'nothing is looked up for a stranger before the answer is out, and behind it the same whoever he asks for (%s)',
  (transport) => {
    // At home: the path is remembered for the phone.
    bench.ask(`/${MAC}.cfg`)
    bench.ask(`${MAC}.cfg`, { transport: 'tftp' })
    looked.splice(0)
    const slash = transport === 'http' ? '/' : ''
    for (const mac of [MAC, MAC, '001565ffffff', '001565aabb03', '001565aabb04', '001565aabb05']) {
      expect(steps(`${slash}${mac}.cfg`, transport)).toEqual({ before: [], behind: ['name', 'mac'] })
    }
    expect(bench.events.slice(2).map(({ outcome, mac }) => [outcome, mac])).toEqual([
      ['untrusted', MAC],
      ['untrusted', MAC],
      ['unknown-device', '001565ffffff'],
      ['untrusted', '001565aabb03'],
      ['untrusted', '001565aabb04'],
      ['untrusted', '001565aabb05'],
    ])
    for (const path of ['y000000000052.cfg', 'nothing.here', '../../etc/passwd', 'firmware/yealink/t28p/9/9.rom']) {
      expect(steps(slash + path, transport).before).toEqual([])
    }
  },
)

test('with a token that opens nothing, the first request takes the same steps for known and unknown phones', () => {
  bench.ask(`/${MAC}.cfg`)
  looked.splice(0)
  const wrong = '0'.repeat(32)
  const known = steps(`/${wrong}/${MAC}.cfg`)
  expect(known).toEqual({ before: ['name', 'mac'], behind: [] })
  expect(steps(`/${wrong}/001565ffffff.cfg`)).toEqual(known)
})

test('a stranger pushes no path out of memory that phones ask for', () => {
  const withToken = `/${tokenOf(MAC)}/${MAC}.cfg`
  bench.ask(`/${MAC}.cfg`)
  bench.ask(withToken, { peerAddress: STRANGER })
  const asStranger = { peerAddress: STRANGER }
  for (let n = 0; n < 45_000; n += 1) bench.ask(`/001565${(0xffffff - n).toString(16)}.cfg`, asStranger)
  looked = []
  bench.ask(`/${MAC}.cfg`)
  bench.ask(withToken, { peerAddress: STRANGER })
  expect(looked).toEqual([])
})
