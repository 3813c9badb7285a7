import { expect, jest, test } from '@jest/globals'
import type { Clock } from '../../src/domain/clock.js'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { Secret } from '../../src/domain/secret.js'
import { registerPhone } from '../../src/simulator/edge/sip-register.js'
import { LossySipRelay } from '../support/lossy-sip-relay.js'
import { RecordingBindingStore } from '../support/memory-binding-store.js'
import { seededRandom } from '../support/seeded-random.js'
import { startTestRegistrar } from '../support/test-registrar.js'

jest.setTimeout(60_000)

const PHONES = 40
/** The phones' timers run faster than a real phone's, to the same number of resends. */
const IMPATIENT: Clock = { now: systemClock.now, after: (ms, run) => systemClock.after(ms / 5, run) }

test.each([
  { lost: 5, doubled: 5, late: 10 },
  { lost: 30, doubled: 10, late: 20 },
])(
  '[RFC3261-17.2.2] over a link with $lost % loss, $doubled % doubled, $late % late, each phone registers, and once',
  async (link) => {
    const accounts = Array.from({ length: PHONES }, (_, n) => ({
      ...{ username: `u${n}`, password: `p${n}`, number: `${300 + n}`, lineId: `l${n}` },
    }))
    const store = new RecordingBindingStore()
    const server = await startTestRegistrar({ accounts, registrar: { store } })
    const relay = await LossySipRelay.open(server.port, link, seededRandom(link.lost))
    const phones = await Promise.all(
      accounts.map(({ username, password, number }) =>
        registerPhone(
          {
            ...{ serverAddress: '127.0.0.1', port: relay.port, transport: 'udp', user: number, authUser: username },
            ...{ password: new Secret(password), domain: '127.0.0.1', expires: 300, userAgent: 'test' },
          },
          { clock: IMPATIENT },
        ),
      ),
    )
    expect(relay.harmed.lost).toBeGreaterThan(0)
    expect(relay.harmed.doubled).toBeGreaterThan(0)
    expect(relay.harmed.late).toBeGreaterThan(0)
    expect(
      server.registrar
        .bindings()
        .map(({ aor }) => aor)
        .sort(),
    ).toEqual(accounts.map(({ number }) => `${number}@phoneboot`).sort())
    // A retransmission got the answer it had missed; it was not carried out again.
    expect(store.stored).toHaveLength(PHONES)
    for (const phone of phones) phone.close()
    relay.close()
    await server.stop()
    expect(server.errors).toEqual([])
  },
)
