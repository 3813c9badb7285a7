import { afterEach, describe, expect, test } from '@jest/globals'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { Secret } from '../../src/domain/secret.js'
import { MemoryBindingStore } from '../support/memory-binding-store.js'
import type { BindingChange } from '../../src/registrar/store.js'
import { registerPhone } from '../../src/simulator/edge/sip-register.js'
import { RegistrationFailure, type RegistrationRequest } from '../../src/simulator/registration.js'
import { FakeClock } from '../support/fake-clock.js'
import { startTestRegistrar, type TestRegistrar, type TestRegistrarOptions } from '../support/test-registrar.js'

const ACCOUNTS = [{ username: 'auth101', password: 'p "w\\ä;', number: '101', lineId: 'l1' }]
const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(options: Partial<TestRegistrarOptions> = {}): Promise<TestRegistrar> {
  const server = await startTestRegistrar({ accounts: ACCOUNTS, ...options })
  cleanups.push(() => server.stop())
  return server
}

function phone(server: { port: number }, more: Partial<RegistrationRequest> = {}): RegistrationRequest {
  return {
    serverAddress: '127.0.0.1',
    port: server.port,
    transport: 'udp',
    localAddress: '127.0.5.9',
    user: '101',
    authUser: 'auth101',
    password: new Secret('p "w\\ä;'),
    domain: '127.0.0.1',
    expires: 300,
    userAgent: 'Yealink SIP-T21P_E2 52.84.0.15',
    displayName: 'Zoë "Z" 101',
    instanceId: 'urn:uuid:00000000-0000-1000-8000-001565aabbcc',
    ...more,
  }
}

describe.each(['udp', 'tcp'] as const)('over %s', (transport) => {
  test('a phone registers from its own address, refreshes on the same nonce and unregisters', async () => {
    const server = await start()
    const registration = await registerPhone(phone(server, { transport }))
    expect(registration.expires).toBe(300)
    expect(registration.latencyMs).toBeGreaterThan(0)
    const [first] = server.registrar.bindings()
    expect(first).toMatchObject({ aor: '101@phoneboot', transport, lineId: 'l1', userAgent: expect.any(String) })
    expect(first?.received).toMatch(/^127\.0\.5\.9:\d+$/)
    await registration.refresh()
    const [second] = server.registrar.bindings()
    // One REGISTER, not two: the nonce served again.
    expect(second).toMatchObject({ callId: first?.callId, cseq: (first?.cseq ?? 0) + 1 })
    await registration.unregister()
    expect(server.registrar.bindings()).toEqual([])
  })

  test('it finds its way after the server has restarted and forgotten its nonces', async () => {
    const store = new MemoryBindingStore()
    const before = await startTestRegistrar({ accounts: ACCOUNTS, registrar: { store } })
    const registration = await registerPhone(phone(before, { transport }))
    cleanups.push(() => registration.close())
    await before.stop()
    const changes: BindingChange[] = []
    const onChange = (change: BindingChange): void => void changes.push(change)
    await start({ port: before.port, registrar: { store, onChange } })
    await registration.refresh()
    // Over TCP the new connection has another port, which makes it another Contact.
    const event = transport === 'udp' ? 'refreshed' : 'registered'
    expect(changes).toMatchObject([{ kind: 'save', event, binding: { aor: '101@phoneboot', transport } }])
  })

  test('a wrong password is refused after one try', async () => {
    const server = await start()
    const wrong = registerPhone(phone(server, { transport, password: new Secret('guess') }))
    await expect(wrong).rejects.toMatchObject({ kind: 'register-refused', message: '401 Unauthorized' })
  })

  test('another extension is refused', async () => {
    const server = await start()
    const wrong = registerPhone(phone(server, { transport, user: '102' }))
    await expect(wrong).rejects.toMatchObject({ kind: 'register-refused', message: '403 Forbidden' })
  })
})

test('[RFC3261-10.2.8] an interval that is too short is asked for again, long enough', async () => {
  const server = await start()
  const registration = await registerPhone(phone(server, { expires: 10 }))
  cleanups.push(() => registration.close())
  expect(registration.expires).toBe(60)
})

test('the local address may be left to the system', async () => {
  const server = await start()
  const request = phone(server)
  delete (request as { localAddress?: string }).localAddress
  const registration = await registerPhone(request)
  cleanups.push(() => registration.close())
  expect(server.registrar.bindings()[0]?.received).toMatch(/^127\.0\.0\.1:/)
})

test('[RFC3261-17.1.2] lost requests are sent again; silence ends after 32 seconds, and no timer stays', async () => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  await once(silent, 'listening')
  cleanups.push(() => silent.close())
  const clock = new FakeClock()
  const requests: string[] = []
  const heard = new Promise<void>((resolve) => {
    silent.on('message', (data) => {
      requests.push(data.toString('latin1'))
      if (requests.length === 11) resolve()
      else clock.advance(4_000)
    })
  })
  const failed = registerPhone(phone(silent.address()), { clock })
  failed.catch(() => undefined)
  await heard
  clock.advance(40_000)
  await expect(failed).rejects.toEqual(new RegistrationFailure('register-timeout', 'no answer to REGISTER'))
  expect(new Set(requests).size).toBe(1)
  expect(clock.pending).toBe(0)
})

test('a TCP port that nobody listens on is a time-out, not a refusal', async () => {
  const server = await startTestRegistrar({ accounts: ACCOUNTS })
  await server.stop()
  await expect(registerPhone(phone(server, { transport: 'tcp' }))).rejects.toMatchObject({ kind: 'register-timeout' })
})

test('switching a phone off ends what it waits for', async () => {
  const server = await start()
  const registration = await registerPhone(phone(server))
  await server.registrar.stop()
  const refreshing = registration.refresh()
  await new Promise((resolve) => setImmediate(resolve))
  registration.close()
  await expect(refreshing).rejects.toMatchObject({ kind: 'register-timeout' })
})

test('three hundred phones at once, each from its own address, all come up', async () => {
  const accounts = Array.from({ length: 300 }, (_, i) => ({
    username: `u${i}`,
    password: `p${i}`,
    number: `${1_000 + i}`,
  }))
  const server = await start({ accounts })
  const registrations = await Promise.all(
    accounts.map(({ username, password, number }, i) =>
      registerPhone(
        phone(server, {
          user: number,
          authUser: username,
          password: new Secret(password),
          localAddress: `127.1.${i >> 8}.${i & 255 || 1}`,
          transport: i % 3 === 0 ? 'tcp' : 'udp',
        }),
      ),
    ),
  )
  expect(server.registrar.bindings()).toHaveLength(300)
  for (const registration of registrations) registration.close()
  expect(server.errors).toEqual([])
})
