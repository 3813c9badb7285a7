import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

jest.setTimeout(2 * SERVER_TEST_MS)

const PHONES = 500

let installation: TestInstallation
let server: ServerProcess

beforeAll(async () => {
  installation = await TestInstallation.create({ PHONEBOOT_LOG_LEVEL: 'warn' })
  server = await installation.serve()
})

afterAll(() => installation.remove())

test('500 phones of all models, 30 % by TFTP, each from its own address, come up Registered', async () => {
  const csv = await installation.run(['simulate', '--count', String(PHONES), '--csv'])
  expect(csv).toMatchObject({ code: 0, stderr: '' })
  await installation.import(csv.stdout)
  const args = ['simulate', '--count', String(PHONES), '--tftp-percent', '30', '--spread', '5000', '--json']
  const ran = await installation.run(args, { withinMs: SERVER_TEST_MS })
  expect(ran.code === 0 ? '' : ran.stdout.slice(0, 2000) + ran.stderr).toBe('')
  expect(JSON.parse(ran.stdout)).toMatchObject({
    phones: PHONES,
    registered: PHONES,
    failed: 0,
    failures: {},
    failedPhones: [],
  })

  const bindings = await installation.cli<{ aor: string; received: string }[]>('registrations')
  expect(new Set(bindings.map(({ aor }) => aor)).size).toBe(PHONES)
  expect(new Set(bindings.map(({ received }) => received.replace(/:\d+$/, ''))).size).toBe(PHONES)
  const devices = await installation.cli<{ model: string; registered: boolean }[]>('device', 'list')
  expect(devices.filter(({ registered }) => registered)).toHaveLength(PHONES)
  expect(new Set(devices.map(({ model }) => model)).size).toBeGreaterThan(30)
  expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
})

test('phones that the server does not know fail, by kind, and the exit code says so', async () => {
  const args = ['simulate', '--count', '3', '--models', 'grandstream/gxp1628', '--json']
  // The generator counts over all models: of one model only, the first ones are strangers.
  const ran = await installation.run(args)
  expect(ran.code).toBe(3)
  expect(JSON.parse(ran.stdout)).toMatchObject({ phones: 3, registered: 0, failed: 3, failures: { 'not-found': 3 } })
})
