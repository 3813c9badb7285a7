import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Sealed } from '../../src/domain/secret.js'
import { requirePassword } from '../../src/extensions/rules.js'
import type { FetchOutcome } from '../../src/simulator/boot-files.js'
import { loopbackAddress } from '../../src/simulator/addresses.js'
import type { fetchAsPhone } from '../../src/simulator/edge/fetch.js'
import { registerPhone } from '../../src/simulator/edge/sip-register.js'
import { simulate } from '../../src/simulator/edge/simulate.js'
import { generatedMac, SIMULATED_MODELS } from '../../src/simulator/models.js'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { extensionRecord } from '../support/records.js'
import { phone, ProvisioningBench } from '../support/provisioning-bench.js'
import { startTestRegistrar, type TestRegistrar } from '../support/test-registrar.js'

/** Every character that a password may hold; the longest one holds two thirds of them. */
const PRINTABLE = Array.from({ length: 0x7e - 0x20 }, (_, index) => String.fromCharCode(0x21 + index)).join('')
/** As MikoPBX names the specials that it takes. */
const PASSWORDS = [PRINTABLE.slice(0, 64), PRINTABLE.slice(64), 'Aa1-_[]{}@;', '%NULL', '"#;', '&amp;<b>', '\\\\n$HOME']

const PHONES = PASSWORDS.flatMap((password, set) =>
  [...SIMULATED_MODELS.values()].map((model, index) => {
    const n = set * SIMULATED_MODELS.size + index
    return { password, model, mac: generatedMac(model, n), number: String(1000 + n), local: loopbackAddress(n) }
  }),
)

let registrar: TestRegistrar

beforeAll(async () => {
  const accounts = PHONES.map(({ mac, number, password }) => ({
    username: `${number}-${mac.slice(-4)}`,
    number,
    password,
  }))
  registrar = await startTestRegistrar({ accounts })
})
afterAll(() => registrar.stop())

test('a phone of every model registers with a password of any printable character', async () => {
  expect(new Set(PASSWORDS.join('')).size).toBe(94)
  for (const password of PASSWORDS) expect(requirePassword(password)).toBe(password)
  const bench = new ProvisioningBench()
  bench.server = { ...bench.server, host: '127.0.0.1', sipPort: registrar.port }
  for (const { mac, number, model, password } of PHONES) {
    bench.snapshot.content.putExtension(extensionRecord(number))
    const device = phone(mac, [number], { model: model.id })
    const lines = device.lines.map((line) => ({ ...line, sealedPassword: password as Sealed }))
    bench.snapshot.content.putDevice({ ...device, lines })
  }
  const fetch = ({ url, userAgent }: Parameters<typeof fetchAsPhone>[0]): Promise<FetchOutcome> => {
    const delivery = bench.ask(new URL(url).pathname, { userAgent })
    const outcome: FetchOutcome =
      delivery.kind === 'bytes' ? { kind: 'file', bytes: delivery.body } : { kind: 'not-found' }
    return Promise.resolve(outcome)
  }
  const office = simulate({
    phones: PHONES.map(({ model, mac, local }) => ({ model: model.id, mac, transport: 'http', localAddress: local })),
    server: { address: '127.0.0.1', httpPort: 80, tftpPort: 69 },
    spreadMs: 2_000,
    world: { clock: systemClock, fetch, register: (request) => registerPhone(request) },
  })
  const { registered, failed, failures } = await office.settled
  const lost = office.phones().flatMap(({ mac, state, detail }) => (state === 'registered' ? [] : [`${mac} ${detail}`]))
  await office.stop()
  expect([lost, registered, failed, failures]).toEqual([[], PHONES.length, 0, {}])
  expect(new Set(registrar.registrar.bindings().map(({ aor }) => aor)).size).toBe(PHONES.length)
  expect(registrar.errors).toEqual([])
}, 120_000)
