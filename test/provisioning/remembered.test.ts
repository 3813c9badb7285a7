import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Delivery } from '../../src/provisioning/delivery.js'
import { phone, ProvisioningBench, SERVER } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const MACS = ['001565aabb01', '001565aabb02']

interface State {
  global: number
  device: number
  person: number
  phone: number
  firmware: string
  state: 'approved' | 'blocked' | 'retired'
  host: string
}

const states: fc.Arbitrary<State> = fc.record({
  global: fc.nat(2),
  device: fc.nat(2),
  person: fc.nat(2),
  phone: fc.nat(2),
  firmware: fc.constantFrom('52.84.0.15', '52.72.0.1'),
  state: fc.constantFrom<State['state'][]>('approved', 'approved', 'approved', 'blocked', 'retired'),
  host: fc.constantFrom('10.0.0.1', 'pbx.example'),
})

/** Values follow from revisions, as in a database. */
function fill(bench: ProvisioningBench, { global, device, person, phone: revision, ...fact }: State): void {
  const { content } = bench.snapshot
  const named = (text: string, n: number): ReadonlyMap<string, unknown> =>
    new Map([['ntpServer', `${text}${n}.example`]])
  content.putLayer('global', '', { revision: global, values: named('global', global) })
  content.putLayer(
    'device',
    `d${MACS[0]}`,
    device === 0 ? { revision: 0, values: new Map() } : { revision: device, values: named('own', device) },
  )
  content.putExtension(extensionRecord('101', { displayName: `Person ${person}`, revision: person }))
  content.putExtension(extensionRecord('102'))
  const retired = fact.state === 'retired' ? { retiredAt: bench.now() } : {}
  const [first = '', second = ''] = MACS
  content.putDevice(phone(first, ['101'], { revision, state: fact.state, firmwareVersion: fact.firmware, ...retired }))
  content.putDevice(phone(second, ['102']))
  bench.server = { ...SERVER, host: fact.host }
}

function told(delivery: Delivery): unknown {
  return delivery.kind === 'bytes'
    ? { ...delivery, body: Buffer.from(delivery.body).toString(), lastModified: 0 }
    : delivery
}

test('whatever changes in between, a phone that asked before is answered as one that never did', () => {
  const step = fc.record({ state: fc.option(states), asks: fc.array(fc.constantFrom(...MACS), { maxLength: 3 }) })
  fc.assert(
    fc.property(states, fc.array(step, { minLength: 1, maxLength: 8 }), (first, steps) => {
      const lasting = new ProvisioningBench()
      let state = first
      fill(lasting, state)
      for (const { state: next, asks } of steps) {
        if (next) fill(lasting, (state = next))
        for (const mac of asks) {
          const fresh = new ProvisioningBench()
          fill(fresh, state)
          expect(told(lasting.ask(`/${mac}.cfg`))).toEqual(told(fresh.ask(`/${mac}.cfg`)))
          expect(lasting.lastEvent()).toEqual(fresh.lastEvent())
        }
      }
    }),
    { numRuns: 25 },
  )
})
