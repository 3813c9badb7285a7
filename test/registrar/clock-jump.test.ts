import { expect, test } from '@jest/globals'
import { SILENT_LOG } from '../../src/observe/log.js'
import { BindingTable } from '../../src/registrar/binding-table.js'
import { Registrar } from '../../src/registrar/edge/registrar.js'
import { NonceCounts } from '../../src/registrar/nonce.js'
import { headerValues } from '../../src/sip/message.js'
import { ServerTransactions } from '../../src/sip/transaction/table.js'
import { FakeClock } from '../support/fake-clock.js'
import { deliver, FakeFlow } from '../support/fake-flow.js'
import { MemoryAccounts } from '../support/memory-accounts.js'
import { MemoryBindingStore } from '../support/memory-binding-store.js'
import { seededRandom } from '../support/seeded-random.js'
import { authorizationFor, registerText } from '../support/sip-requests.js'

const YEAR_MS = 365 * 86_400_000

test('a clock that jumps a year and back: phones register at each time, bindings end in their time, no timer is left', async () => {
  const clock = new FakeClock()
  const accounts = new MemoryAccounts([{ username: '101', password: 'p', number: '101' }])
  const errors: unknown[] = []
  const registrar = new Registrar({
    ...{ clock, random: seededRandom(), store: new MemoryBindingStore(), accounts, sites: accounts },
    ownHosts: () => ['example.com'],
    log: { ...SILENT_LOG, error: (fields) => void errors.push(fields) },
  })
  await registrar.start()
  let cseq = 0
  const ask = async (authorization?: string): Promise<FakeFlow> => {
    const flow = new FakeFlow()
    cseq += 1
    const parts = { cseq, contact: '<sip:101@10.0.0.7:5062>', expires: 300 }
    await deliver(
      registrar,
      registerText({ ...parts, ...(authorization === undefined ? {} : { authorization }) }),
      flow,
    )
    return flow
  }
  const register = async (): Promise<number> => {
    const challenges = headerValues((await ask()).answer, 'WWW-Authenticate')
    return (await ask(authorizationFor(challenges, '101', 'p'))).answer.status
  }

  expect(await register()).toBe(200)
  for (const jump of [YEAR_MS, -YEAR_MS, -YEAR_MS, YEAR_MS]) {
    clock.jump(jump)
    expect(await register()).toBe(200)
    expect(registrar.bindings()).toHaveLength(1)
    clock.advance(200_000)
    expect(registrar.bindings()).toHaveLength(1)
  }
  clock.advance(302_000)
  expect(registrar.bindings()).toEqual([])
  await registrar.stop()
  expect(clock.pending).toBe(0)
  expect(errors).toEqual([])
})

test('a binding saved right after the clock went back a year ends in its time', () => {
  const table = new BindingTable()
  const at = 1_750_000_000_000
  table.expire(at + YEAR_MS)
  const binding = {
    ...{ aor: '101@x', bindingKey: 'k', extensionId: 'e', contactUri: 'sip:101@10.0.0.7', received: '10.0.0.7:5062' },
    ...{ transport: 'udp' as const, path: [], q: 1, callId: 'c', cseq: 1, registeredAt: at, expiresAt: at + 300_000 },
  }
  table.apply([{ kind: 'save', event: 'registered', binding }])
  expect(table.expire(at + 1_000)).toEqual([])
  expect(table.expire(at + 300_000)).toEqual([{ kind: 'remove', reason: 'expired', binding }])
  expect(table.size).toBe(0)
})

test('nonces of a clock that was ahead do not void those that are issued after it was put right', () => {
  const counts = new NonceCounts(3, 300)
  for (let n = 0; n < 3; n += 1) expect(counts.use(n, YEAR_MS + n, 1, YEAR_MS + n)).toBe(true)
  for (let n = 0; n < 10; n += 1) expect(counts.use(100 + n, 1_000 + n, 1, 1_000 + n)).toBe(true)
})

test('an answered transaction is forgotten in its time although the clock went back a year', () => {
  const clock = new FakeClock()
  const transactions = new ServerTransactions(clock, 10)
  transactions.begin('key', false)
  transactions.respond('key', 'answer')
  clock.jump(-YEAR_MS)
  transactions.begin('another', false)
  transactions.respond('another', 'answer')
  clock.advance(65_000)
  expect(transactions.size).toBe(0)
  expect(clock.pending).toBe(0)
})
