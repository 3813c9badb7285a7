import { afterAll, expect, jest, test } from '@jest/globals'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mac } from '../../src/domain/mac-address.js'
import { loopbackAddress } from '../../src/simulator/addresses.js'
import { simulate } from '../../src/simulator/edge/simulate.js'
import { SERVER_TEST_MS, TestInstallation } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const MACS = ['001565cc0001', '001565cc0002', '001565cc0003']
let installation: TestInstallation | undefined
afterAll(() => installation?.remove())

const config = (number: string): string => `#!version:1.0.0.1
account.1.enable = 1
account.1.label = Person ${number}
account.1.display_name = Person ${number}
account.1.user_name = ${number}
account.1.auth_name = ${number}
account.1.password = Old-${number}-secret
account.1.sip_server.1.address = pbx.old.example
linekey.2.type = 16
linekey.2.line = 1
linekey.2.value = 101
linekey.2.label = Person 101
local_time.ntp_server1 = 192.0.2.123
lang.gui = German
lang.wui = German
`

test('phones of another provisioning server are taken over by one command, and come up Registered', async () => {
  installation = await TestInstallation.create({ PHONEBOOT_LOG_LEVEL: 'warn' })
  const folder = join(installation.folder, 'old')
  await mkdir(join(folder, 'deeper'), { recursive: true })
  for (const [index, mac] of MACS.entries()) {
    await writeFile(join(folder, index === 2 ? 'deeper' : '', `${mac}.cfg`), config(String(101 + index)))
  }
  const args = ['move-in', folder, '--model', 'yealink/t21p-e2']
  const dry = await installation.runHere(args)
  expect(dry.stdout).toMatch(/3 phones, 3 people\. Nothing is changed yet/)
  expect(dry.stdout).toMatch(/ntpServer +"192\.0\.2\.123" +3/)
  expect(dry.stdout).not.toContain('secret')
  expect(await installation.cli('extension', 'list')).toEqual([])

  const csv = join(installation.folder, 'old.csv')
  const done = await installation.runHere([...args, '--csv', csv, '--apply'])
  expect(done.stdout).toMatch(/^3 phones, 3 people taken over\.\nTo undo it: import undo \w+\n/)
  expect(await readFile(csv, 'utf8')).toContain('Old-101-secret')
  expect((await installation.runHere(['settings', 'get', '--site'])).stdout).toMatch(/^language +.*de/m)

  const server = await installation.serve()
  const file = await (await fetch(`${server.http}/${MACS[1]}.cfg`)).text()
  expect(file).toMatch(/^linekey\.2\.value = 101$/m)
  expect(file).not.toContain('pbx.old.example')
  const office = simulate({
    phones: MACS.map((mac, n) => ({
      ...{ model: 'yealink/t21p-e2', mac: mac as Mac, transport: 'http' as const },
      localAddress: loopbackAddress(n),
    })),
    server: { address: '127.0.0.1', httpPort: server.ports.http, tftpPort: server.ports.tftp },
  })
  expect(await office.settled).toMatchObject({ registered: 3, failed: 0 })
  await office.stop()
})
