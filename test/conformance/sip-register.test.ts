import { afterEach, expect, test } from '@jest/globals'
import type { BindingChange } from '../../src/registrar/store.js'
import { describeWithClients } from '../support/real-clients.js'
import { runBaresip, runLinphonec, runSipp, runSipsak, type SipCredentials } from '../support/sip-clients.js'
import { TestCertificates } from '../support/test-certificates.js'
import { startTestRegistrar, type TestRegistrar, type TestRegistrarOptions } from '../support/test-registrar.js'

const CLIENTS = { sipp: 'sip-tester', sipsak: 'sipsak', baresip: 'baresip', linphonec: 'linphone-cli' }
const TRANSPORTS = ['udp', 'tcp'] as const

/** A registrar with some people, and what happened to their bindings. */
interface Office {
  server: TestRegistrar
  changes: BindingChange[]
  credentials(n: number, transport: 'udp' | 'tcp', more?: Partial<SipCredentials>): SipCredentials
}

let office: Office | undefined

afterEach(async () => {
  expect(office?.server.errors ?? []).toEqual([])
  await office?.server.stop()
  office = undefined
})

async function open(people = 20, more: Partial<TestRegistrarOptions> = {}): Promise<Office> {
  const accounts = Array.from({ length: people }, (_, n) => ({
    username: `line${n}`,
    password: `pw-${n}-Xy`,
    number: `${100 + n}`,
  }))
  const changes: BindingChange[] = []
  const onChange = (change: BindingChange): void => void changes.push(change)
  const server = await startTestRegistrar({ accounts, registrar: { onChange }, ...more })
  const credentials: Office['credentials'] = (n, transport, more = {}) => ({
    user: `${100 + n}`,
    authUser: `line${n}`,
    password: `pw-${n}-Xy`,
    domain: '127.0.0.1',
    server: '127.0.0.1',
    port: server.port,
    transport,
    ...more,
  })
  office = { server, changes, credentials }
  return office
}

const everybody = ({ credentials }: Office, transport: 'udp' | 'tcp'): SipCredentials[] =>
  Array.from({ length: 20 }, (_, n) => credentials(n, transport))

describeWithClients('SIPp', { sipp: CLIENTS.sipp }, () => {
  test.each(TRANSPORTS)('twenty phones register, refresh and unregister over %s', async (transport) => {
    const opened = await open()
    const { registered, output } = await runSipp('register.xml', everybody(opened, transport))
    expect(registered ? '' : output).toBe('')
    expect(opened.changes.filter(({ kind }) => kind === 'save')).toHaveLength(20)
    expect(opened.server.registrar.bindings()).toEqual([])
  })

  test('[RFC3261-17.2.2] with lost answers every REGISTER is still done exactly once', async () => {
    const opened = await open()
    const { registered, output } = await runSipp('lost-answers.xml', everybody(opened, 'udp'))
    expect(registered ? '' : output).toBe('')
    expect(opened.changes).toHaveLength(20)
  })

  test('a wrong password is challenged again and again, not stale', async () => {
    const { credentials, changes } = await open()
    const { registered, output } = await runSipp('wrong-password.xml', [credentials(1, 'udp', { password: 'guess' })])
    expect(registered ? '' : output).toBe('')
    expect(changes).toEqual([])
  })

  test('[RFC3261-10.3.7] five seconds are too brief', async () => {
    const { credentials } = await open()
    const { registered, output } = await runSipp('interval-too-brief.xml', [credentials(1, 'udp')])
    expect(registered ? '' : output).toBe('')
  })
})

/** Over TLS, the certificate checked by the client where it can. */
async function openSecure(): Promise<Office & { secure: (n: number, server?: string) => SipCredentials; ca: string }> {
  const certificates = await TestCertificates.make()
  const opened = await open(20, { tls: { port: 0, certificates } })
  const port = opened.server.listeners.tlsPort ?? 0
  const ca = certificates.ca
  const secure = (n: number, server = '127.0.0.1'): SipCredentials => ({
    ...opened.credentials(n, 'udp'),
    ...{ transport: 'tls', port, ca, server, domain: server },
  })
  return { ...opened, secure, ca }
}

describeWithClients('TLS', { baresip: CLIENTS.baresip, linphonec: CLIENTS.linphonec }, () => {
  test('[RFC3261-26.3.1] baresip registers', async () => {
    const { secure, changes } = await openSecure()
    const { registered, output } = await runBaresip(secure(4))
    expect(registered ? '' : output).toBe('')
    expect(changes[0]).toMatchObject({ kind: 'save', binding: { aor: '104@phoneboot', transport: 'tls' } })
  })

  test('[RFC3261-26.3.1] linphonec registers, having checked the certificate', async () => {
    const { secure, changes } = await openSecure()
    const { registered, output } = await runLinphonec(secure(5, 'localhost'))
    expect(registered ? '' : output).toBe('')
    expect(changes[0]).toMatchObject({ kind: 'save', binding: { aor: '105@phoneboot', transport: 'tls' } })
  })

  test('linphonec does not register where the certificate is not of the CA it trusts', async () => {
    const { secure, changes } = await openSecure()
    const { ca } = await TestCertificates.make()
    expect(await runLinphonec({ ...secure(5, 'localhost'), ca })).toMatchObject({ registered: false })
    expect(changes).toEqual([])
  })
})

describeWithClients('sipsak', { sipsak: CLIENTS.sipsak }, () => {
  test.each(TRANSPORTS)('registers over %s', async (transport) => {
    const { credentials, server } = await open()
    const { registered, output } = await runSipsak(credentials(3, transport))
    expect(registered ? '' : output).toBe('')
    expect(server.registrar.bindings()).toMatchObject([{ aor: '103@phoneboot', transport }])
  })

  test('is refused with a wrong password', async () => {
    const { credentials, server } = await open()
    expect(await runSipsak(credentials(3, 'udp', { password: 'guess' }))).toMatchObject({ registered: false })
    expect(server.registrar.bindings()).toEqual([])
  })
})

describeWithClients('baresip', { baresip: CLIENTS.baresip }, () => {
  test.each(TRANSPORTS)('registers over %s', async (transport) => {
    const { credentials, changes } = await open()
    const { registered, output } = await runBaresip(credentials(4, transport))
    expect(registered ? '' : output).toBe('')
    expect(changes[0]).toMatchObject({ kind: 'save', binding: { aor: '104@phoneboot', transport } })
  })
})

describeWithClients('linphonec', { linphonec: CLIENTS.linphonec }, () => {
  test.each(TRANSPORTS)('registers over %s', async (transport) => {
    const { credentials, changes } = await open()
    const { registered, output } = await runLinphonec(credentials(5, transport))
    expect(registered ? '' : output).toBe('')
    expect(changes[0]).toMatchObject({ kind: 'save', binding: { aor: '105@phoneboot', transport } })
  })

  test('is refused with a wrong password', async () => {
    const { credentials, changes } = await open()
    expect(await runLinphonec(credentials(5, 'udp', { password: 'guess' }))).toMatchObject({ registered: false })
    expect(changes).toEqual([])
  })
})
