import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { expectRefusal, SERVER_TEST_MS, TestInstallation } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

let installation: TestInstallation

beforeEach(async () => {
  installation = await TestInstallation.create()
})
afterEach(() => installation.remove())

test('a second server on the same files says so and stops; commands work, and kill -9 leaves no lock behind', async () => {
  const first = await installation.serve()
  const ports = ['HTTP', 'HTTPS', 'TFTP', 'SIP'].map((name) => [`PHONEBOOT_${name}_PORT`, '0'])
  const elsewhere: Record<string, string> = Object.fromEntries(ports)
  expectRefusal(
    await installation.run(['serve'], { env: elsewhere }),
    /another phoneboot server is running on .*sqlite/,
  )
  // The same files under another name.
  const byUrl = { PHONEBOOT_DATABASE_URL: `sqlite:${join(installation.dataDir, '..', 'data', 'phoneboot.sqlite')}` }
  const run = await installation.run(['serve'], { env: { ...elsewhere, ...byUrl } })
  expectRefusal(run, /another phoneboot server is running/)
  await installation.cli('extension', 'add', '101', '--name', 'Anna')
  expect((await fetch(`${first.http}/none.cfg`)).status).toBe(404)
  first.signal('SIGKILL')
  await first.ended
  const next = await installation.serve({ env: elsewhere })
  expect((await stat(join(installation.dataDir, 'phoneboot.sqlite.server-lock'))).mode & 0o777).toBe(0o600)
  expect(await next.stop()).toBe(0)
})
