import { describe, expect, test } from '@jest/globals'
import { BindingTable } from '../../src/registrar/binding-table.js'
import { decide, type Registrant } from '../../src/registrar/decide.js'
import { DEFAULT_POLICY } from '../../src/registrar/policy.js'
import { readRegister } from '../../src/registrar/register-request.js'
import { registrationLimit } from '../../src/snapshot/registration-limit.js'
import type { LayerValues } from '../../src/snapshot/snapshot.js'
import { parseDatagram } from '../../src/sip/parse.js'
import { registerText } from '../support/sip-requests.js'

const NOW = 1_750_000_000_000
const SOFTPHONES = new Set(['s1', 's2'])

/** Registers from its own address; gives the status. */
function office(limits: { desk?: number; soft?: number }): (lineId: string, host: string) => number {
  const table = new BindingTable()
  return (lineId, host) => {
    const parsed = parseDatagram(registerText({ contact: `<sip:101@${host}:5062>`, expires: 600, callId: host }))
    if (parsed.kind !== 'request') throw new Error('no request')
    const wish = readRegister(parsed.request, parsed.envelope.callId, parsed.envelope.cseq.number)
    if (typeof wish === 'string') throw new Error(wish)
    const soft = SOFTPHONES.has(lineId)
    const who: Registrant = {
      aor: '101@example.com',
      extensionId: 'e1',
      received: `${host}:5062`,
      transport: 'udp',
      lineId,
      limit: () => (soft ? limits.soft : limits.desk),
      countsWith: (binding) => SOFTPHONES.has(binding.lineId ?? '') === soft,
    }
    const decision = decide(wish, who, table.of(who.aor), DEFAULT_POLICY, NOW)
    table.apply(decision.changes)
    return decision.answer.status
  }
}

describe('registrations of one person', () => {
  test('with a limit of one desk phone a desk phone and an app are both registered', () => {
    const register = office({ desk: 1, soft: 1 })
    expect(register('l1', '10.0.0.7')).toBe(200)
    expect(register('s1', '10.0.0.8')).toBe(200)
    expect(register('l2', '10.0.0.9')).toBe(403)
    expect(register('s2', '10.0.0.10')).toBe(403)
  })

  test('softphones may be forbidden while desk phones are not', () => {
    const register = office({ soft: 0 })
    expect(register('s1', '10.0.0.8')).toBe(403)
    expect(register('l1', '10.0.0.7')).toBe(200)
  })

  test('the limit is the own one, else that of the site, else that for all', () => {
    const layers: Record<string, [string, unknown][]> = { 'global:': [['maxSoftphones', 3]] }
    const layer = (name: string, owner: string): LayerValues => ({
      revision: 1,
      values: new Map(layers[`${name}:${owner}`] ?? []),
    })
    const limit = (): number | undefined => registrationLimit({ layer }, { id: 'e1', siteId: 's' }, 'maxSoftphones')
    expect(limit()).toBe(3)
    layers['site:s'] = [['maxSoftphones', 2]]
    expect(limit()).toBe(2)
    layers['extension:e1'] = [['maxSoftphones', null]]
    expect(limit()).toBeUndefined()
    layers['extension:e1'] = [['maxSoftphones', 0]]
    expect(limit()).toBe(0)
  })
})
