import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { sqlitePool } from '../../src/database/edge/connect.js'
import { describeAsRoot } from '../support/as-root.js'
import { failing } from '../support/failing-disk.js'
import { describeWithClients } from '../support/real-clients.js'
import { fetchAccounts, loadPhones, RegisterLoad } from '../support/register-load.js'
import { fetchUrl } from '../support/served-phones.js'
import { eventually, expectRefusal, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const PHONES = 8

let installation: TestInstallation
let server: ServerProcess
let load: RegisterLoad
let files: string[]

beforeEach(async () => {
  installation = await TestInstallation.create()
})
afterEach(() => installation.remove())

async function start(where = installation): Promise<void> {
  const phones = loadPhones(PHONES)
  files = phones.files
  await where.import(phones.csv)
  server = await where.serve()
  load = new RegisterLoad(await fetchAccounts(server.http, files))
  await load.run(server.ports.sip, PHONES)
}

/**
 * While `outage` lasts phones get their config and every REGISTER is answered with 503; after it all is as before,
 * and nothing was a mistake of ours.
 */
async function expectHonest(begin: () => Promise<() => unknown>): Promise<void> {
  const end = await begin()
  const before = load.registered
  const registering = load.run(server.ports.sip)
  await eventually(() => expect(load.refused.get(503)).toBeGreaterThanOrEqual(PHONES), 30_000)
  for (const file of files) expect((await fetchUrl(`${server.http}/${file}`)).status).toBe(200)
  const registeredMeanwhile = load.registered - before
  await end()
  await eventually(() => expect(load.registered).toBeGreaterThan(before + PHONES), 30_000)
  load.stop()
  await registering
  expect(registeredMeanwhile).toBe(0)
  expect([...load.refused.keys()]).toEqual([503])
  expect(load.retryAfter.every((seconds) => seconds >= 1)).toBe(true)
  expect(await server.stop()).toBe(0)
  const log = server.logs()
  expect(log.filter(({ level }) => level === 'error')).toEqual([])
  // Told, and not once for each phone.
  expect(log.filter(({ level }) => level === 'warn').length).toBeGreaterThan(0)
  expect(log.filter(({ level }) => level === 'warn').length).toBeLessThan(12)
}

test('a database that another process holds locked: phones are served, REGISTER is refused, all by itself after it', async () => {
  await start()
  await expectHonest(async () => {
    const locks = ['phoneboot', 'phoneboot-live'].map((name) =>
      sqlitePool(`${installation.dataDir}/${name}.sqlite`, 'full'),
    )
    for (const lock of locks) await lock.raw('begin immediate')
    return () => Promise.all(locks.map((lock) => lock.destroy()))
  })
})

describeAsRoot('a disk that fails under the running server', () => {
  describeWithClients('made to fail by strace', { strace: 'strace' }, () => {
    test.each([
      ['is full', ['pwrite64:error=ENOSPC']],
      ['became read-only', ['pwrite64:error=EROFS']],
      ['cannot sync', ['fdatasync:error=EIO', 'fsync:error=EIO']],
    ])('it %s: phones are served, REGISTER is refused, all by itself after it', async (_, faults) => {
      await start()
      await expectHonest(() => failing(server.pid, faults))
    })
  })

  test('a file system without space: the same', async () => {
    await mkdir(installation.dataDir)
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=0700', 'tmpfs', installation.dataDir]).status).toBe(0)
    try {
      await start()
      const filler = join(installation.dataDir, 'filler')
      await expectHonest(async () => {
        const file = await open(filler, 'w')
        await expect(
          (async () => {
            for (;;) await file.write(Buffer.alloc(4096, 1))
          })(),
        ).rejects.toMatchObject({ code: 'ENOSPC' })
        await file.close()
        return () => rm(filler)
      })
    } finally {
      await server.stop()
      spawnSync('umount', [installation.dataDir])
    }
  })

  test('a data folder on a read-only mount: server and commands refuse in one line', async () => {
    await installation.run(['migrate'])
    const { dataDir } = installation
    expect(spawnSync('mount', ['--bind', dataDir, dataDir]).status).toBe(0)
    try {
      expect(spawnSync('mount', ['-o', 'remount,bind,ro', dataDir]).status).toBe(0)
      expectRefusal(await installation.run(['serve']), /data folder .* cannot be used: the file system is read-only/)
      expectRefusal(await installation.run(['extension', 'list']), /read-only/)
    } finally {
      spawnSync('umount', [dataDir])
    }
    expect(await (await installation.serve()).stop()).toBe(0)
  })
})

const garbage = Buffer.from('this is no database at all, not even a little bit of one. '.repeat(400))

/** Ways in which a file is found damaged after a crash of the disk. */
const DAMAGES: readonly (readonly [string, (file: string) => Promise<void>])[] = [
  ['is no database', (file) => writeFile(file, garbage)],
  ['is cut in half', async (file) => truncate(file, Math.floor((await stat(file)).size / 2 / 4096) * 4096)],
  ['has pages of garbage', (file) => overwrite(file, 4096)],
]

async function overwrite(file: string, from: number): Promise<void> {
  const { size } = await stat(file)
  const handle = await open(file, 'r+')
  await handle.write(Buffer.alloc(size - from, garbage), 0, size - from, from)
  await handle.close()
}

test.each(DAMAGES)('a phoneboot.sqlite that %s: the server says what to do, and changes nothing', async (_, damage) => {
  await installation.import(loadPhones(PHONES).csv)
  const file = join(installation.dataDir, 'phoneboot.sqlite')
  await damage(file)
  const before = await readFile(file)
  const ran = await installation.run(['serve'])
  expectRefusal(ran, /phoneboot\.sqlite (cannot be used|is damaged)/)
  expect(ran.stderr).toContain('phoneboot restore')
  expect((await readFile(file)).equals(before)).toBe(true)
})

test.each(DAMAGES)('a phoneboot-live.sqlite that %s: set aside, said, and phones register again', async (_, damage) => {
  await start()
  expect(await server.stop()).toBe(0)
  const file = join(installation.dataDir, 'phoneboot-live.sqlite')
  await damage(file)
  const damaged = await readFile(file)
  server = await installation.serve()
  const log = server.logs().filter(({ level }) => level === 'error')
  expect(log).toEqual([expect.objectContaining({ file, aside: expect.stringMatching(/-live\.sqlite\.damaged-/) })])
  expect((await readFile(String(log[0]?.aside))).equals(damaged)).toBe(true)
  load = new RegisterLoad(await fetchAccounts(server.http, files))
  await load.run(server.ports.sip, PHONES)
  // The load also signs off now and then.
  const present = [...load.known.values()].filter(({ granted }) => granted.present).length
  expect(await installation.cli<unknown[]>('registrations')).toHaveLength(present)
  expect(present).toBeGreaterThan(0)
  const findings = await installation.runHere(['doctor', '--json'])
  expect(JSON.parse(findings.stdout)).toContainEqual(
    expect.objectContaining({
      check: 'database files',
      state: 'warning',
      message: expect.stringContaining('set aside'),
    }),
  )
  expect(await server.stop()).toBe(0)
  // Only once.
  server = await installation.serve()
  expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
})

test('a command that finds the live file damaged refuses and leaves it to the server', async () => {
  await installation.run(['migrate'])
  const file = join(installation.dataDir, 'phoneboot-live.sqlite')
  await writeFile(file, garbage)
  expectRefusal(await installation.run(['extension', 'list']), /phoneboot-live\.sqlite cannot be used/)
  expect((await readFile(file)).equals(garbage)).toBe(true)
})

describeWithClients('PostgreSQL of its own', { pg_ctlcluster: 'postgresql' }, () => {
  const script = fileURLToPath(new URL('../support/postgres.sh', import.meta.url))

  test('it crashes and comes back: phones are served, REGISTER is refused, all by itself after it', async () => {
    const env = { ...process.env, PHONEBOOT_TEST_POSTGRES_DIR: join(installation.folder, 'postgres') }
    const postgres = (action: string): string => execFileSync(script, [action], { env, encoding: 'utf8' }).trim()
    const url = postgres('start')
    const onPostgres = await TestInstallation.create({ PHONEBOOT_DATABASE_URL: url })
    try {
      await start(onPostgres)
      await expectHonest(async () => {
        postgres('pause')
        return () => postgres('resume')
      })
    } finally {
      await onPostgres.remove()
      postgres('stop')
    }
  })
})
