import { afterEach, beforeAll, beforeEach, afterAll, expect, jest, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { tftpGet } from '../../src/tftp/edge/client.js'
import { AS_NOBODY, describeAsRoot, NOBODY } from '../support/as-root.js'
import { expectRefusal, PROGRAM, SERVER_TEST_MS, TestInstallation, type RunOptions } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const TFTP_FALLBACK_PORT = 6969
/** Few have a server on this address of loopback, so that its port 6969 is free. */
const ADDRESS = '127.69.69.69'

/** A copy of the program that everybody may read, where the checkout is in a private folder. */
let copy: string | undefined
let asNobody: RunOptions
let installation: TestInstallation

async function mayRead(): Promise<RunOptions> {
  const [command = '', ...args] = AS_NOBODY
  if (spawnSync(command, [...args, process.execPath, PROGRAM, '--help']).status === 0) return { through: AS_NOBODY }
  copy = await mkdtemp(join(tmpdir(), 'phoneboot-copy-'))
  await chmod(copy, 0o755)
  const root = join(dirname(PROGRAM), '..')
  for (const name of ['dist', 'device-templates', 'node_modules', 'package.json']) {
    await cp(join(root, name), join(copy, name), { recursive: true })
  }
  return { through: AS_NOBODY, program: join(copy, 'dist', 'phoneboot.js') }
}

const free = async (port: number): Promise<boolean> => {
  const socket = createSocket('udp4')
  try {
    socket.bind({ port, address: ADDRESS, exclusive: true })
    await once(socket, 'listening')
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}

/** The kernel may let everybody take low ports, as in many containers: then nothing is forbidden. */
const lowPortsAreForbidden = async (): Promise<boolean> =>
  Number(await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) > 69

describeAsRoot('run by an ordinary user without capabilities', () => {
  beforeAll(async () => {
    asNobody = await mayRead()
  })

  afterAll(async () => {
    if (copy !== undefined) await rm(copy, { recursive: true })
  })

  beforeEach(async () => {
    installation = await TestInstallation.create({ PHONEBOOT_BIND: ADDRESS })
    await mkdir(installation.dataDir, { mode: 0o700 })
    await chown(installation.dataDir, NOBODY, NOBODY)
  })

  afterEach(() => installation.remove())

  test('TFTP falls back to 6969 and says so, unless the port was set by hand', async () => {
    const byDefault = { ...asNobody, env: { PHONEBOOT_TFTP_PORT: '' } }
    const byHand = { ...asNobody, env: { PHONEBOOT_TFTP_PORT: '69' } }
    if (!(await lowPortsAreForbidden())) {
      const server = await installation.serve(byHand)
      expect(server.ports.tftp).toBe(69)
      return
    }
    expectRefusal(await installation.run(['serve'], byHand), /^phoneboot: This user may not listen on UDP port 69/)
    if (!(await free(TFTP_FALLBACK_PORT))) {
      expectRefusal(await installation.run(['serve'], byDefault), /^phoneboot: UDP port 6969 is in use/)
      return
    }
    const server = await installation.serve(byDefault)
    expect(server.ports.tftp).toBe(TFTP_FALLBACK_PORT)
    const said = server.logs().filter(({ level, msg }) => level === 'warn' && /port 69\b.*6969/.test(msg))
    expect(said).toHaveLength(1)
    const asked = tftpGet({ host: ADDRESS, port: TFTP_FALLBACK_PORT, file: 'nothing.cfg' })
    await expect(asked).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    expect(await server.stop()).toBe(0)
  })

  test('all it keeps belongs to it; secrets are for its eyes only', async () => {
    const server = await installation.serve(asNobody)
    expect(await server.stop()).toBe(0)
    for (const name of ['phoneboot.key', 'phoneboot.sqlite', 'phoneboot-live.sqlite']) {
      const { mode, uid, gid } = await stat(join(installation.dataDir, name))
      expect([name, mode & 0o777, uid, gid]).toEqual([name, 0o600, NOBODY, NOBODY])
    }
  })

  test('commands of root, with the server up and down, leave no file of root in its data folder', async () => {
    await installation.cli('extension', 'add', '101', '--name', 'Anna Berg')
    const server = await installation.serve(asNobody)
    await installation.cli('device', 'add', '805ec0000001', '--model', 'yealink/t21p-e2', '--line', '101')
    await installation.cli('registrations')
    expect(await ownersBelow(installation.dataDir)).toEqual([NOBODY])
    expect(await server.stop()).toBe(0)
    await installation.cli('extension', 'list')
    expect(await ownersBelow(installation.dataDir)).toEqual([NOBODY])
    const again = await installation.serve(asNobody)
    expect(await again.stop()).toBe(0)
  })

  test('a server that root starts on its data folder works as its owner', async () => {
    const server = await installation.serve()
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8')
    expect(/^Uid:\t(\d+)/m.exec(status)?.[1]).toBe(String(NOBODY))
    expect(await server.stop()).toBe(0)
    expect(await ownersBelow(installation.dataDir)).toEqual([NOBODY])
  })

  test('a data folder that it may not write is refused in one line', async () => {
    const refusal = /^phoneboot: data folder \/.*data cannot be used: permission denied/
    await chmod(installation.dataDir, 0o555)
    expectRefusal(await installation.run(['serve'], asNobody), refusal)
    await chown(installation.dataDir, 0, 0)
    await chmod(installation.dataDir, 0o755)
    expectRefusal(await installation.run(['serve'], asNobody), refusal)
    expectRefusal(
      await installation.run(['serve'], { ...asNobody, env: { PHONEBOOT_DATA_DIR: '/root/phoneboot-data' } }),
      /^phoneboot: data folder \/root\/phoneboot-data cannot be used: permission denied/,
    )
    expect(await readdir(installation.dataDir)).toEqual([])
  })

  test('a database or key file of root in its data folder is refused in one line', async () => {
    expect(await (await installation.serve(asNobody)).stop()).toBe(0)
    const key = join(installation.dataDir, 'phoneboot.key')
    await chown(key, 0, 0)
    expectRefusal(await installation.run(['serve'], asNobody), /^phoneboot: .*phoneboot\.key cannot be read \(EACCES\)/)
    await chown(key, NOBODY, NOBODY)
    await chown(join(installation.dataDir, 'phoneboot.sqlite'), 0, 0)
    expectRefusal(
      await installation.run(['serve'], asNobody),
      /^phoneboot: database .* cannot be used: permission denied/,
    )
  })
})

/** Whose files they are, each user once. */
async function ownersBelow(folder: string): Promise<number[]> {
  const names = await readdir(folder, { recursive: true })
  const owners = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).uid))
  expect(names.length).toBeGreaterThan(2)
  return [...new Set(owners)]
}
