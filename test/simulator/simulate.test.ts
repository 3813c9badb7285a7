import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Mac } from '../../src/domain/mac-address.js'
import { fetchAsPhone } from '../../src/simulator/edge/fetch.js'
import { simulate, type SimulateOptions } from '../../src/simulator/edge/simulate.js'
import type { PhoneProgress } from '../../src/simulator/progress.js'
import { type Registration, RegistrationFailure, type RegistrationRequest } from '../../src/simulator/registration.js'
import { FakeClock } from '../support/fake-clock.js'
import { fakeTftp } from '../support/fake-tftp.js'

const YEALINK = '805ec0000001' as Mac
const SNOM = '000413820001' as Mac
const GRANDSTREAM = 'c074ad000001' as Mac
const FILES = new Map([
  [
    `${YEALINK}.cfg`,
    '#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = 101\naccount.1.auth_name = dev-1\n' +
      'account.1.password = s3cret\naccount.1.sip_server.1.address = 127.0.0.1\naccount.1.sip_server.1.port = 5070\n' +
      'account.1.sip_server.1.expires = 600\n',
  ],
  [
    'snomD120-000413820001.htm',
    '<settings><phone-settings><user_name idx="1">102</user_name><user_pass idx="1">p</user_pass>' +
      '<user_host idx="1">127.0.0.1</user_host><user_outbound idx="1">127.0.0.1:5071;transport=tcp</user_outbound>' +
      '</phone-settings></settings>',
  ],
  [
    `cfg${GRANDSTREAM}.xml`,
    '<gs_provision version="1"><config version="1"><P271>1</P271><P47>127.0.0.1:5072</P47><P35>103</P35>' +
      '<P401>1</P401><P402>127.0.0.1:5072</P402><P404>104</P404></config></gs_provision>',
  ],
])

let http: Server
let httpPort: number
let asked: { address: string; path: string; userAgent: string }[]
let status: number | undefined

beforeEach(async () => {
  asked = []
  status = undefined
  http = createServer((request, response) => {
    const path = request.url ?? ''
    const userAgent = request.headers['user-agent'] ?? ''
    asked.push({ address: request.socket.remoteAddress ?? '', path, userAgent })
    const content = FILES.get(path.replace(/^\/(t\/)?/, ''))
    response.writeHead(status ?? (content === undefined ? 404 : 200)).end(content)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  httpPort = (http.address() as AddressInfo).port
})

afterEach(() => {
  http.closeAllConnections()
  http.close()
})

/** A registrar that keeps what it was asked; `refuse` throws for the users it names. */
function fakeRegistrar(refuse: (user: string, attempt: number) => RegistrationFailure | undefined = () => undefined) {
  const requests: RegistrationRequest[] = []
  const events: string[] = []
  const attempts = new Map<string, number>()
  const attempt = (request: RegistrationRequest): void => {
    const count = (attempts.get(request.user) ?? 0) + 1
    attempts.set(request.user, count)
    const failure = refuse(request.user, count)
    if (failure) throw failure
  }
  const register = (request: RegistrationRequest): Promise<Registration> => {
    requests.push(request)
    return Promise.resolve().then(() => {
      attempt(request)
      return {
        expires: request.expires,
        latencyMs: 1,
        refresh: async () => {
          events.push(`refresh ${request.user}`)
          await Promise.resolve()
          attempt(request)
        },
        unregister: () => Promise.resolve(void events.push(`unregister ${request.user}`)),
        close: () => void events.push(`close ${request.user}`),
      }
    })
  }
  return { requests, events, register }
}

const yealink = { model: 'yealink/t21p-e2', mac: YEALINK, transport: 'http', localAddress: '127.1.0.1' } as const
const options = (change: Partial<SimulateOptions> & Pick<SimulateOptions, 'world'>): SimulateOptions => ({
  phones: [yealink],
  server: { address: '127.0.0.1', httpPort, tftpPort: 9 },
  ...change,
})
/** Lets promises and sockets run until `condition` holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe('simulated phones', () => {
  test('fetch by HTTP and TFTP from their own addresses and register every account of their config', async () => {
    const tftp = await fakeTftp(FILES)
    const registrar = fakeRegistrar()
    const changes: PhoneProgress[] = []
    const simulation = simulate({
      phones: [
        yealink,
        { model: 'snom/d120', mac: SNOM, transport: 'tftp', localAddress: '127.1.0.2' },
        { model: 'grandstream/gxp1628', mac: GRANDSTREAM, transport: 'http', localAddress: '127.1.0.3' },
      ],
      server: { address: '127.0.0.1', httpPort, tftpPort: tftp.port },
      onProgress: (changed) => void changes.push(changed),
      world: { register: registrar.register },
    })
    const summary = await simulation.settled
    await tftp.close()
    expect(summary).toMatchObject({ phones: 3, registered: 3, failed: 0, accounts: 4, failures: {} })
    expect(asked.filter(({ address }) => address === '127.1.0.1').map(({ path }) => path)).toEqual([
      `/${YEALINK}.boot`,
      '/y000000000000.boot',
      '/y000000000052.cfg',
      `/${YEALINK}.cfg`,
    ])
    expect(asked.find(({ address }) => address === '127.1.0.1')?.userAgent).toBe(
      'Yealink SIP-T21P_E2 52.84.0.125 80:5e:c0:00:00:01',
    )
    expect(tftp.asked).toEqual(['127.1.0.2 snomD120.htm', '127.1.0.2 snomD120-000413820001.htm'])
    const byUser = new Map(registrar.requests.map((request) => [request.user, request]))
    expect(byUser.get('101')).toMatchObject({
      serverAddress: '127.0.0.1',
      port: 5070,
      transport: 'udp',
      localAddress: '127.1.0.1',
      authUser: 'dev-1',
      domain: '127.0.0.1',
      expires: 600,
      userAgent: 'Yealink SIP-T21P_E2 52.84.0.125',
      instanceId: `urn:uuid:00000000-0000-1000-8000-${YEALINK}`,
    })
    expect(byUser.get('101')?.password.reveal()).toBe('s3cret')
    expect(byUser.get('102')).toMatchObject({ port: 5071, transport: 'tcp', authUser: '102' })
    expect(byUser.get('104')).toMatchObject({ port: 5072, localAddress: '127.1.0.3' })
    expect(changes.map(({ state }) => state)).toEqual(expect.arrayContaining(['fetching', 'registering', 'registered']))
    expect(simulation.phones().map(({ registered }) => registered)).toEqual([['101'], ['102'], ['103', '104']])
    expect(registrar.events.sort()).toEqual(['close 101', 'close 102', 'close 103', 'close 104'])
  })

  test('ask in the directory they were told', async () => {
    const server = { address: '127.0.0.1', httpPort, tftpPort: 9, path: 't' }
    const summary = await simulate(options({ server, world: fakeRegistrar() })).settled
    expect(summary.registered).toBe(1)
    expect(asked.at(-1)?.path).toBe(`/t/${YEALINK}.cfg`)
  })

  test('power on one after another over the spread', async () => {
    const clock = new FakeClock(0)
    const phones = [0, 1, 2, 3].map((n) => ({ ...yealink, mac: `80:5ec0000${n}` as Mac }))
    const fetch = () => Promise.resolve({ kind: 'not-found' } as const)
    const simulation = simulate(options({ phones, spreadMs: 4000, world: { ...fakeRegistrar(), clock, fetch } }))
    for (let second = 0; second < 4; second += 1) {
      await until(() => clock.pending === 3 - second)
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(1000)
    }
    await simulation.settled
    expect(simulation.phones().map(({ poweredOnAt }) => poweredOnAt)).toEqual([0, 1000, 2000, 3000])
  })

  test('wait and ask again while the server is unavailable', async () => {
    const clock = new FakeClock(0)
    status = 503
    const simulation = simulate(options({ world: { ...fakeRegistrar(), clock } }))
    await until(() => clock.pending === 1)
    expect(simulation.phones()[0]).toMatchObject({ state: 'waiting' })
    status = undefined
    clock.advance(5000)
    const summary = await simulation.settled
    expect(summary.powerOnToRegisteredMs).toEqual({ min: 5000, p50: 5000, p95: 5000, max: 5000 })
  })

  test('name what failed', async () => {
    const refused = new RegistrationFailure('register-refused', '403 Forbidden')
    const phones = [yealink, { ...yealink, mac: '805ec0000002' as Mac }]
    const simulation = simulate(options({ phones, world: fakeRegistrar(() => refused) }))
    const summary = await simulation.settled
    expect(summary).toMatchObject({ registered: 0, failures: { 'register-refused': 1, 'not-found': 1 } })
    expect(simulation.phones()[0]).toMatchObject({ state: 'failed', detail: '101: 403 Forbidden' })
    expect(JSON.stringify(simulation.phones())).not.toContain('s3cret')
  })

  test('register again after pauses when nobody answers, five times at most', async () => {
    const silence = new RegistrationFailure('register-timeout', 'no answer')
    const clock = new FakeClock(0)
    const registrar = fakeRegistrar(() => silence)
    const simulation = simulate(options({ world: { ...registrar, clock } }))
    for (const pause of [2000, 4000, 8000, 16_000]) {
      await until(() => clock.pending === 1)
      clock.advance(pause)
    }
    expect(await simulation.settled).toMatchObject({ failures: { 'register-timeout': 1 } })
    expect(registrar.requests).toHaveLength(5)
  })

  test('keep registered by refreshing at half of the time, until the power is cut', async () => {
    const clock = new FakeClock(0)
    const lost = new RegistrationFailure('register-timeout', 'no answer')
    const registrar = fakeRegistrar((_, attempt) => (attempt === 3 ? lost : undefined))
    const simulation = simulate(options({ keepRegistered: true, world: { ...registrar, clock } }))
    await simulation.settled
    const phone = () => simulation.phones()[0]
    await until(() => clock.pending === 1)
    clock.advance(299_999)
    expect(registrar.events).toEqual([])
    clock.advance(1)
    await until(() => clock.pending === 1)
    expect(registrar.events).toEqual(['refresh 101'])
    clock.advance(300_000)
    await until(() => clock.pending === 1)
    expect(phone()).toMatchObject({ state: 'failed', failure: 'register-timeout', registered: [] })
    clock.advance(2000)
    await until(() => clock.pending === 1)
    expect(phone()).toMatchObject({ state: 'registered', registered: ['101'] })
    await simulation.stop({ unregister: true })
    expect(registrar.events.slice(-2)).toEqual(['unregister 101', 'close 101'])
    expect(clock.pending).toBe(0)
  })

  test('look for a new config when it is time, stay registered meanwhile, and count what they could not load', async () => {
    const clock = new FakeClock(0)
    const states = new Set<string>()
    const onProgress = ({ state }: PhoneProgress) => void states.add(state)
    const simulation = simulate(options({ pollMs: 60_000, onProgress, world: { ...fakeRegistrar(), clock } }))
    await simulation.settled
    await until(() => clock.pending === 1)
    const atPowerOn = asked.length
    states.clear()
    clock.advance(59_999)
    expect(asked).toHaveLength(atPowerOn)
    clock.advance(1)
    await until(() => clock.pending === 1)
    expect(asked).toHaveLength(2 * atPowerOn)
    expect(simulation.polls()).toEqual({ loaded: 1, failed: 0 })
    status = 404
    clock.advance(60_000)
    await until(() => clock.pending === 1)
    expect(simulation.polls()).toEqual({ loaded: 1, failed: 1 })
    expect([...states]).toEqual([])
    expect(simulation.phones()[0]).toMatchObject({ state: 'registered', registered: ['101'] })
    await simulation.stop()
    expect(clock.pending).toBe(0)
  })

  test('with one account refused keep the others, and never count as registered', async () => {
    const clock = new FakeClock(0)
    const refused = new RegistrationFailure('register-refused', '403 Forbidden')
    const lost = new RegistrationFailure('register-timeout', 'no answer')
    const registrar = fakeRegistrar((user, attempt) => (user === '104' ? refused : attempt === 2 ? lost : undefined))
    const phones = [{ model: 'grandstream/gxp1628', mac: GRANDSTREAM, transport: 'http' as const }]
    const simulation = simulate(options({ phones, keepRegistered: true, world: { ...registrar, clock } }))
    expect((await simulation.settled).failures).toEqual({ 'register-refused': 1 })
    await until(() => clock.pending === 1)
    clock.advance(1_800_000)
    await until(() => clock.pending === 1)
    clock.advance(2000)
    await until(() => clock.pending === 1)
    expect(registrar.events).toEqual(['refresh 103', 'refresh 103'])
    expect(simulation.phones()[0]).toMatchObject({ state: 'failed', registered: ['103'] })
    await simulation.stop()
    expect(registrar.events.at(-1)).toBe('close 103')
  })

  test('that are cut off while they wait leave no timer behind', async () => {
    const clock = new FakeClock(0)
    const simulation = simulate(
      options({ phones: [yealink, yealink], spreadMs: 60_000, world: { ...fakeRegistrar(), clock } }),
    )
    await simulation.stop()
    expect(clock.pending).toBe(0)
    expect((await simulation.settled).failed).toBe(0)
  })

  test('that are cut off while nobody answers stop at once, and close what comes late', async () => {
    const never = simulate(options({ world: { ...fakeRegistrar(), fetch: () => new Promise(() => undefined) } }))
    await until(() => never.phones()[0]?.state === 'fetching')
    await never.stop()
    const registrar = fakeRegistrar()
    let answer: () => void = () => undefined
    const late = new Promise<void>((resolve) => (answer = resolve))
    const register = (request: RegistrationRequest) => late.then(() => registrar.register(request))
    const simulation = simulate(options({ keepRegistered: true, world: { register } }))
    await until(() => simulation.phones()[0]?.state === 'registering')
    await simulation.stop()
    answer()
    await until(() => registrar.events.length > 0)
    expect(registrar.events).toEqual(['close 101'])
  })

  test('of an unknown model are refused', () => {
    const phones = [{ ...yealink, model: 'acme/1' }]
    expect(() => simulate(options({ phones, world: fakeRegistrar() }))).toThrow('acme/1')
  })
})

describe('one fetch', () => {
  const from = (url: string) => fetchAsPhone({ url, userAgent: 'test', localAddress: '127.1.0.9' })

  test('tells refusals from files that are not there and servers that are away', async () => {
    const url = `http://127.0.0.1:${httpPort}/x`
    expect(await from(url)).toEqual({ kind: 'not-found' })
    status = 403
    expect(await from(url)).toEqual({ kind: 'refused', detail: 'HTTP 403' })
    status = 500
    expect(await from(url)).toEqual({ kind: 'unavailable', detail: 'HTTP 500' })
    http.close()
    http.closeAllConnections()
    expect(await from(url)).toEqual({ kind: 'no-answer', detail: 'ECONNREFUSED' })
    expect(await from('https://127.0.0.1/')).toMatchObject({ kind: 'refused' })
  })
})
