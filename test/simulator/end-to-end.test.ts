import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { loopbackAddress } from '../../src/simulator/addresses.js'
import { simulate, type Simulation } from '../../src/simulator/edge/simulate.js'
import { generatedMac, SIMULATED_MODELS } from '../../src/simulator/models.js'
import { fakeTftp } from '../support/fake-tftp.js'
import { startTestRegistrar, type TestRegistrar } from '../support/test-registrar.js'

/** One phone of every model; odd ones fetch by TFTP, every third registers by TCP. */
const PHONES = [...SIMULATED_MODELS.values()].map((model, n) => ({
  vendor: model.vendor,
  model: model.id,
  mac: generatedMac(model, n),
  transport: n % 2 === 1 ? ('tftp' as const) : ('http' as const),
  sip: n % 3 === 2 ? 'tcp' : 'udp',
  localAddress: loopbackAddress(n),
  user: String(100 + n),
  authUser: `dev-${n}`,
  // What XML must escape, and what a naive digest would trip over.
  password: `p&"<${n}>é`,
}))
type Phone = (typeof PHONES)[number]

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** Name and content of the phone's own file, below 512 bytes. */
function ownFile({ vendor, model, mac, sip, user, authUser, password }: Phone, sipPort: number): [string, string] {
  const server = `127.0.0.1:${sipPort}`
  const code = sip === 'tcp' ? 1 : 0
  if (vendor === 'yealink') {
    const lines = [
      `enable = 1`,
      `user_name = ${user}`,
      `auth_name = ${authUser}`,
      `password = ${password}`,
      'sip_server.1.address = 127.0.0.1',
      `sip_server.1.port = ${sipPort}`,
      `transport = ${code}`,
      `sip_server.1.transport_type = ${code}`,
    ]
    return [`${mac}.cfg`, ['#!version:1.0.0.1', ...lines.map((line) => `account.1.${line}`), ''].join('\n')]
  }
  if (vendor === 'snom') {
    const settings = {
      name: user,
      pname: authUser,
      pass: escape(password),
      host: server,
      outbound: `${server};transport=${sip}`,
    }
    const elements = Object.entries(settings).map(([name, value]) => `<user_${name} idx="1">${value}</user_${name}>`)
    const token = SIMULATED_MODELS.get(model)?.token
    return [`${token}-${mac.toUpperCase()}.htm`, `<phone-settings>${elements.join('')}</phone-settings>`]
  }
  const values = { 271: '1', 47: server, 35: user, 36: authUser, 34: escape(password), 130: String(code) }
  const elements = Object.entries(values).map(([p, value]) => `<P${p}>${value}</P${p}>`)
  return [`cfg${mac}.xml`, `<gs_provision version="1"><config version="1">${elements.join('')}</config></gs_provision>`]
}

describe('one phone of every model, against the real registrar', () => {
  let registrar: TestRegistrar
  let simulation: Simulation | undefined
  const cleanups: (() => unknown)[] = []

  beforeEach(async () => {
    const accounts = PHONES.map(({ user, authUser, password }) => ({ username: authUser, password, number: user }))
    registrar = await startTestRegistrar({ accounts })
    cleanups.push(() => registrar.stop())
  })

  afterEach(async () => {
    await simulation?.stop()
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  async function start(): Promise<Simulation> {
    const files = new Map(PHONES.map((phone) => ownFile(phone, registrar.port)))
    const tftp = await fakeTftp(files)
    const http = createServer((request, response) => {
      const content = files.get((request.url ?? '').slice(1))
      response.writeHead(content === undefined ? 404 : 200).end(content)
    })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    cleanups.push(
      () => http.close(),
      () => tftp.close(),
    )
    const { port } = http.address() as AddressInfo
    simulation = simulate({
      phones: PHONES,
      server: { address: '127.0.0.1', httpPort: port, tftpPort: tftp.port },
      keepRegistered: true,
    })
    return simulation
  }

  test('all come up Registered, each from its own address', async () => {
    const summary = await (await start()).settled
    expect(summary).toMatchObject({ registered: PHONES.length, failed: 0, failures: {} })
    expect(summary.registerMs?.max).toBeGreaterThan(0)
    const seen = registrar.registrar.bindings().map(({ aor, received, transport, userAgent }) => ({
      aor,
      from: received.replace(/:\d+$/, ''),
      transport,
      userAgent,
    }))
    const expected = PHONES.map(({ user, localAddress, sip, model }) => ({
      aor: `${user}@phoneboot`,
      from: localAddress,
      transport: sip,
      userAgent: SIMULATED_MODELS.get(model)?.sipUserAgent,
    }))
    const byAor = (a: { aor: string }, b: { aor: string }): number => a.aor.localeCompare(b.aor)
    expect(seen.sort(byAor)).toEqual(expected.sort(byAor))
    expect(registrar.errors).toEqual([])
  })

  test('a phone with a wrong password is refused, the others are not held up', async () => {
    const victim = PHONES[0]
    if (!victim) throw new Error('no phones')
    const account = registrar.accounts.accounts.get(victim.authUser)
    if (account) account.password = 'another'
    const summary = await (await start()).settled
    expect(summary).toMatchObject({ registered: PHONES.length - 1, failures: { 'register-refused': 1 } })
  })

  test('all say goodbye when asked to', async () => {
    const running = await start()
    await running.settled
    await running.stop({ unregister: true })
    expect(registrar.registrar.bindings()).toEqual([])
  })
})
