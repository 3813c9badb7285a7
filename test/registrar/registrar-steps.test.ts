import { describe, expect, test } from '@jest/globals'
import type { FakeFlow } from '../support/fake-flow.js'
import { A, Bench } from '../support/registrar-bench.js'
import { authorizationFor, type RegisterParts } from '../support/sip-requests.js'
import { headerValue } from '../../src/sip/message.js'

const status = (flow: FakeFlow): number => flow.answer.status
const uris = (bench: Bench): string[] => bench.registrar.bindings().map(({ contactUri }) => contactUri)

/** A bench with one binding. */
async function registered(): Promise<Bench> {
  const bench = await Bench.start()
  expect(status(await bench.register({ contact: A }))).toBe(200)
  return bench
}

describe('the steps of a registrar come in their order', () => {
  test('[RFC3261-10.3.2] what is required and not known is 420 before anybody is asked for a password', async () => {
    const bench = await registered()
    const flow = await bench.ask({ contact: A, extra: ['Require: path, x-odd, gruu', 'Require: x-even'] })
    expect(status(flow)).toBe(420)
    expect(headerValue(flow.answer, 'Unsupported')).toBe('x-odd, gruu, x-even')
    expect(uris(bench)).toHaveLength(1)
  })

  test('[RFC3261-10.3.2] another domain comes before what is required', async () => {
    const bench = await Bench.start()
    expect(status(await bench.ask({ domain: 'other.example', extra: ['Require: x-odd'] }))).toBe(404)
  })

  test.each<[string, RegisterParts]>([
    ['asks who is registered', {}],
    ['wants to register', { contact: '<sip:evil@192.0.2.66>' }],
    ['wants to remove one', { contact: A, expires: 0 }],
    ['wants to remove all', { contact: '*', expires: 0 }],
    ['sends what would be refused', { contact: '*', expires: 60 }],
    ['asks for too short a time', { contact: A, expires: 1 }],
  ])('[RFC3261-10.3.3] a stranger who %s is challenged, told nothing, and nothing changes', async (_, parts) => {
    const bench = await registered()
    const before = uris(bench)
    const flow = await bench.ask(parts)
    expect(status(flow)).toBe(401)
    expect([headerValue(flow.answer, 'Contact'), headerValue(flow.answer, 'Min-Expires')]).toEqual([
      undefined,
      undefined,
    ])
    expect(uris(bench)).toEqual(before)
  })

  test('[RFC3261-10.3.4] the right password for another address of record is 403, and its bindings are not told', async () => {
    const bench = await registered()
    const wishes: RegisterParts[] = [{}, { contact: '*', expires: 0 }, { contact: '<sip:evil@192.0.2.66>' }]
    for (const [n, wish] of wishes.entries()) {
      const challenges = await bench.challenges({ branch: `z9hG4bKasked${n}` })
      const authorization = authorizationFor(challenges, '101', 'secret-101')
      const flow = await bench.ask({ ...wish, user: '102', cseq: 90, authorization, branch: `z9hG4bKproved${n}` })
      expect(status(flow)).toBe(403)
      expect(headerValue(flow.answer, 'Contact')).toBeUndefined()
    }
    expect(uris(bench)).toHaveLength(1)
  })
})
