import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { Secret } from '../../src/domain/secret.js'
import { registerPhone } from '../../src/simulator/edge/sip-register.js'
import { openOffice, type Office } from '../support/office.js'
import { eventually, SERVER_TEST_MS } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

let office: Office
beforeAll(async () => {
  office = await openOffice({ PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8' })
})
afterAll(() => office.stop())

interface Listed {
  aor: string
  contact: string
}

test('the command line throws one of two registrations out, of the running server; the other stays', async () => {
  const { authUser, password } = await office.cli<{ authUser: string; password: string }>(
    ...['extension', 'add', '501', '--name', 'Anna'],
  )
  const account = { user: '501', authUser, password: new Secret(password), domain: '127.0.0.1', expires: 300 }
  const register = (userAgent: string): ReturnType<typeof registerPhone> =>
    registerPhone({ serverAddress: '127.0.0.1', port: office.ports.sip, transport: 'udp', userAgent, ...account })
  const open = [await eventually(() => register('one'), 20_000), await register('two')]
  const before = await office.cli<Listed[]>('registrations')
  expect(before).toHaveLength(2)
  const [gone, stays] = before
  const thrown = await office.cli<Listed>('registrations', 'drop', gone?.aor ?? '', gone?.contact ?? '')
  expect(thrown).toMatchObject({ aor: gone?.aor, contact: gone?.contact })
  expect((await office.cli<Listed[]>('registrations')).map(({ contact }) => contact)).toEqual([stays?.contact])
  for (const one of open) one.close()
})
