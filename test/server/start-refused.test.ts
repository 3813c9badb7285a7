import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmod, mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expectRefusal, SERVER_TEST_MS, TestInstallation, type Ran } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

let installation: TestInstallation

beforeEach(async () => {
  installation = await TestInstallation.create()
})

afterEach(() => installation.remove())

describe('a start that cannot be', () => {
  const serve = (env: Record<string, string> = {}): Promise<Ran> => installation.run(['serve'], { env })

  test('an unknown setting is named, with the known ones', async () => {
    const ran = await serve({ PHONEBOOT_HTTP_PROT: '8080' })
    expectRefusal(ran, /^phoneboot: PHONEBOOT_HTTP_PROT: unknown setting; known are .*PHONEBOOT_HTTP_PORT/)
  })

  test('a port in use is named, whichever it is', async () => {
    const tcp = createServer().listen(0, '127.0.0.1')
    const udp = createSocket('udp4').bind(0, '127.0.0.1')
    await Promise.all([once(tcp, 'listening'), once(udp, 'listening')])
    const { port: tcpPort } = tcp.address() as AddressInfo
    const { port: udpPort } = udp.address()
    try {
      for (const [name, port, protocol] of [
        ['PHONEBOOT_HTTP_PORT', tcpPort, 'TCP'],
        ['PHONEBOOT_HTTPS_PORT', tcpPort, 'TCP'],
        ['PHONEBOOT_SIP_PORT', tcpPort, 'TCP'],
        ['PHONEBOOT_SIP_PORT', udpPort, 'UDP'],
        ['PHONEBOOT_SIPS_PORT', tcpPort, 'TCP'],
        ['PHONEBOOT_TFTP_PORT', udpPort, 'UDP'],
        ['PHONEBOOT_ADMIN_PORT', tcpPort, 'TCP'],
      ] as const) {
        const refusal = new RegExp(`^phoneboot: ${protocol} port ${port} is in use`)
        expectRefusal(await serve({ [name]: String(port) }), refusal)
      }
    } finally {
      tcp.close()
      udp.close()
    }
  })

  test('a key file that is damaged, open to others, or no file', async () => {
    const key = join(installation.dataDir, 'phoneboot.key')
    await mkdir(installation.dataDir)
    await writeFile(key, 'no key at all\n', { mode: 0o600 })
    expectRefusal(await serve(), /^phoneboot: .*phoneboot\.key is damaged/)
    await chmod(key, 0o644)
    expectRefusal(await serve(), /^phoneboot: .*phoneboot\.key can be read by others/)
    await rename(key, `${key}.away`)
    await mkdir(key)
    expectRefusal(await serve(), /^phoneboot: .*phoneboot\.key is not a regular file/)
  })

  test('a key file that is missing while the database holds secrets is never made anew', async () => {
    await installation.cli('extension', 'add', '101', '--name', 'Anna Berg')
    const key = join(installation.dataDir, 'phoneboot.key')
    await rename(key, `${key}.away`)
    expectRefusal(await serve(), /^phoneboot: .*phoneboot\.key is missing/)
    expectRefusal(await installation.run(['extension', 'list']), /^phoneboot: .*phoneboot\.key is missing/)
    await expect(stat(key)).rejects.toMatchObject({ code: 'ENOENT' })
    await rename(`${key}.away`, key)
    expect(await (await installation.serve()).stop()).toBe(0)
  })

  test('a templates folder that is missing or holds a mistake', async () => {
    const folder = join(installation.folder, 'templates')
    const env = { PHONEBOOT_TEMPLATES_DIR: folder }
    expectRefusal(await serve(env), /^phoneboot: .*templates/)
    await mkdir(join(folder, 'yealink', 't21p-e2'), { recursive: true })
    await writeFile(join(folder, 'yealink', 't21p-e2', 'model.yaml'), 'lines: many\n')
    const ran = await serve(env)
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('yealink/t21p-e2')
    expect(ran.stderr).not.toMatch(/^\s+at |internal error/m)
  })

  test('a data folder that is a file, a database that is none', async () => {
    await writeFile(join(installation.folder, 'plain'), '')
    expectRefusal(
      await serve({ PHONEBOOT_DATA_DIR: join(installation.folder, 'plain') }),
      /^phoneboot: data folder .*plain cannot be used/,
    )
    await mkdir(installation.dataDir)
    await writeFile(
      join(installation.dataDir, 'phoneboot.sqlite'),
      'certainly not a database, but long enough\n'.repeat(40),
    )
    expectRefusal(await serve(), /^phoneboot: database .*phoneboot\.sqlite cannot be used/)
  })

  test('a database URL never shows its password', async () => {
    const ran = await serve({ PHONEBOOT_DATABASE_URL: 'postgres://anna:Geheim-77@127.0.0.1:1/phoneboot' })
    expectRefusal(ran, /^phoneboot: PostgreSQL at 127\.0\.0\.1:1\/phoneboot cannot be used: connection refused/)
    expect(ran.stderr).not.toContain('Geheim')
  })

  test('an address that is not of this machine', async () => {
    expectRefusal(await serve({ PHONEBOOT_BIND: '192.0.2.55' }), /^phoneboot: .*192\.0\.2\.55/)
  })
})
