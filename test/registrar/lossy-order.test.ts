import { expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import type { Clock } from '../../src/domain/clock.js'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { Secret } from '../../src/domain/secret.js'
import { registerPhone } from '../../src/simulator/edge/sip-register.js'
import { deliver, FakeFlow } from '../support/fake-flow.js'
import { LossySipRelay } from '../support/lossy-sip-relay.js'
import { RecordingBindingStore } from '../support/memory-binding-store.js'
import { A, Bench } from '../support/registrar-bench.js'
import { seededRandom } from '../support/seeded-random.js'
import { authorizationFor, registerText } from '../support/sip-requests.js'
import { startTestRegistrar } from '../support/test-registrar.js'

jest.setTimeout(90_000)

const PHONES = 24
/** The phones' timers run faster than a real phone's, to the same number of resends. */
const IMPATIENT: Clock = { now: systemClock.now, after: (ms, run) => systemClock.after(ms / 5, run) }

test.each([
  { lost: 5, doubled: 5, late: 10 },
  { lost: 30, doubled: 10, late: 20 },
])(
  '[RFC3261-17.2.2] $lost % lost, $doubled % doubled, $late % late: each refresh and each farewell is done once, in order',
  async (link) => {
    const accounts = Array.from({ length: PHONES }, (_, n) => ({
      ...{ username: `u${n}`, password: `p${n}`, number: `${300 + n}` },
    }))
    const store = new RecordingBindingStore()
    const server = await startTestRegistrar({ accounts, registrar: { store } })
    const relay = await LossySipRelay.open(server.port, link, seededRandom(100 + link.lost))
    const phones = await Promise.all(
      accounts.map(async ({ username, password, number }, n) => {
        const phone = await registerPhone(
          {
            ...{ serverAddress: '127.0.0.1', port: relay.port, transport: 'udp', user: number, authUser: username },
            ...{ password: new Secret(password), domain: '127.0.0.1', expires: 300, userAgent: 'test' },
          },
          { clock: IMPATIENT },
        )
        await phone.refresh()
        await phone.refresh()
        if (n % 2 === 1) await phone.unregister()
        return phone
      }),
    )
    for (const { number } of accounts) {
      const own = store.stored.filter(({ binding }) => binding.aor === `${number}@phoneboot`)
      const saved = own.filter(({ kind }) => kind === 'save').map(({ binding }) => binding.cseq)
      expect(saved).toHaveLength(3)
      expect(saved).toEqual([...new Set(saved)].sort((a, b) => a - b))
      expect(own.map(({ kind }) => kind)).toEqual(
        Number(number) % 2 === 1 ? ['save', 'save', 'save', 'remove'] : ['save', 'save', 'save'],
      )
    }
    expect(server.registrar.bindings()).toHaveLength(PHONES / 2)
    for (const kind of ['lost', 'doubled', 'late'] as const) expect(relay.harmed[kind]).toBeGreaterThan(0)
    for (const phone of phones) phone.close()
    relay.close()
    await server.stop()
    expect(server.errors).toEqual([])
  },
)

test('[RFC3261-10.3.7] in whatever order and however often REGISTERs of one phone arrive, CSeq only rises', async () => {
  const arrivals = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 24 })
  await fc.assert(
    fc.asyncProperty(arrivals, async (order) => {
      const bench = await Bench.start()
      const challenges = await bench.challenges({ callId: 'ask' })
      const texts = Array.from({ length: 9 }, (_, n) => {
        const authorization = authorizationFor(challenges, '101', 'secret-101', { count: n + 1 })
        return registerText({ callId: 'c', cseq: n, contact: A, expires: 60 + n, authorization })
      })
      const answers = new Map<number, string>()
      for (const cseq of order) {
        const flow = new FakeFlow()
        await deliver(bench.registrar, texts[cseq] ?? '', flow)
        const [{ text } = { text: '' }] = flow.sent
        // What came again is told what it was told before.
        expect(text).toBe(answers.get(cseq) ?? text)
        answers.set(cseq, text)
      }
      const risen = order.filter((cseq, at) => cseq > Math.max(0, ...order.slice(0, at)))
      expect(bench.changes.map(({ binding }) => binding.cseq)).toEqual(risen)
      expect(bench.registrar.bindings()).toMatchObject([{ cseq: Math.max(...order) }])
      for (const [cseq, text] of answers) {
        expect(text.slice(8, 11)).toBe(risen.includes(cseq) ? '200' : '400')
      }
      await bench.registrar.stop()
    }),
    { numRuns: 60, seed: 7 },
  )
})
