import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { SERVER_TEST_MS, TestInstallation } from '../support/server.js'

jest.setTimeout(2 * SERVER_TEST_MS)

const PHONES = 300

let installation: TestInstallation

// The limits are those of a fresh installation: no network is exempt.
beforeAll(async () => {
  installation = await TestInstallation.create({ PHONEBOOT_UNLIMITED_NETWORKS: 'none', PHONEBOOT_LOG_LEVEL: 'warn' })
})

afterAll(() => installation.remove())

const simulate = async (): Promise<unknown> => {
  const args = ['simulate', '--count', String(PHONES), '--tftp-percent', '30', '--spread', '2000', '--one-address']
  const ran = await installation.run([...args, '--json'], { withinMs: SERVER_TEST_MS })
  expect(ran.code === 0 ? '' : ran.stdout.slice(0, 2000) + ran.stderr).toBe('')
  return JSON.parse(ran.stdout)
}

test(`${PHONES} phones behind one address get their power at once: all register, nobody is banned`, async () => {
  const csv = await installation.run(['simulate', '--count', String(PHONES), '--csv'])
  await installation.import(csv.stdout)
  let server = await installation.serve()
  expect(await simulate()).toMatchObject({ phones: PHONES, registered: PHONES, failed: 0 })
  const bindings = await installation.cli<{ received: string }[]>('registrations')
  expect(bindings).toHaveLength(PHONES)
  expect(new Set(bindings.map(({ received }) => received.replace(/:\d+$/, ''))).size).toBe(1)
  expect(await installation.cli('bans', 'list')).toEqual([])
  expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])

  // The server, too, had no power: it knows nobody by then but from its disk.
  server.signal('SIGKILL')
  await server.ended
  server = await installation.serve()
  expect(await simulate()).toMatchObject({ phones: PHONES, registered: PHONES, failed: 0 })
  expect(await installation.cli('bans', 'list')).toEqual([])
  expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
})
