import { afterAll, expect, jest, test } from '@jest/globals'
import { chmod, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vendorPhonesCsv } from '../support/served-phones.js'
import { SERVER_TEST_MS, TestInstallation } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const installation = await TestInstallation.create()
afterAll(() => installation.remove())

test('an export with passwords is for its owner alone, also over a file that was open to all', async () => {
  await installation.import(vendorPhonesCsv())
  const path = join(installation.folder, 'people.csv')
  await writeFile(path, '')
  await chmod(path, 0o644)
  await installation.cli('export', '--with-passwords', '--output', path)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})
